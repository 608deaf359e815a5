import Fletch
import FletchServer
import Foundation

// Who may ask, and what answers are known by.
extension SettingsReader {
    mutating func readAccess() {
        if let limit = text(options.requestLimit.map(String.init), "--request-limit", variable: "REQUEST_LIMIT") {
            set(\.requestLimit, limit, "at least 1 and at most \(Settings.maximumRequestLimit)") {
                // What is none must not become a setting of nil.
                guard let limit = Int($0), 1...Settings.maximumRequestLimit ~= limit else { return Int??.none }
                return limit
            }
        }
        if let origins = list(options.allowOrigin, "--allow-origin", variable: "ALLOW_ORIGIN") {
            settings.allowedOrigins = origins
        }
        if let hosts = list(options.allowHost, "--allow-host", variable: "ALLOW_HOST") { settings.allowedHosts = hosts }
        if let blocks = blocks(options.trustedProxy, "--trusted-proxy", variable: "TRUSTED_PROXY") {
            settings.trustedProxies = blocks
        }
        if options.anonymous { settings.isAnonymous = Setting(true, .flag("--anonymous")) }
        if let text = secret("PASSPHRASES") {
            settings.passphrases = Setting(Passphrases(text.value), text.source)
            if settings.passphrases.value.isEmpty { problems.append("\(text.source) holds no passphrase") }
        }
        checkOrigins()
        if let text = pem("JWT_PUBLIC_KEY") { settings.jwtKey = Setting(text.value, text.source) }
        if let problem = settings.exposure { problems.append(problem) }
    }

    private mutating func checkOrigins() {
        for origin in settings.allowedOrigins.value where origin != "*" && !Self.isOrigin(origin) {
            problems.append(
                "\(settings.allowedOrigins.source) is \(VisibleText.escaped(origin)): origins look like https://example.com"
            )
        }
    }

    /// Scheme, host and perhaps a port, and nothing else (RFC 6454 §6.2).
    private static func isOrigin(_ text: String) -> Bool {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host, !host.isEmpty
        else { return false }
        let bare = "\(scheme)://\(host)" + (parts.port.map { ":\($0)" } ?? "")
        return text == bare || text == bare + "/"
    }

    /// After ``readAccess()``: tenants call public targets only.
    mutating func readTargets() {
        if let variable = variable("ENABLE_SSRF_PREVENTION") {
            settings.callsPublicTargetsOnly = Setting(true, variable.source)
        } else if !settings.isOpen {
            let keys = settings.passphrases
            settings.callsPublicTargetsOnly = Setting(
                true, keys.value.isEmpty ? settings.jwtKey.source : keys.source)
        }
        if let blocks = blocks(options.allowTarget, "--allow-target", variable: "ALLOW_TARGET") {
            settings.allowedTargets = blocks
        }
        if settings.callsPublicTargetsOnly.value, settings.proxy.value != nil {
            problems.append(
                "\(settings.proxy.source) cannot be used where only public targets may be called "
                    + "(\(settings.callsPublicTargetsOnly.source)): the proxy would connect to whatever it likes")
        }
        settings.deliveryAuthority = file(options.deliveryCacert, "--delivery-cacert")
        settings.deliveryCertificate = file(options.deliveryCert, "--delivery-cert")
        settings.deliveryKey = file(options.deliveryKey, "--delivery-key")
        if settings.deliveryKey.value != nil, settings.deliveryCertificate.value == nil {
            problems.append("--delivery-key is of no use without --delivery-cert: name the certificate, too")
        }
        guard settings.deliveryTLS.isChanged, problems.isEmpty else { return }
        do throws(FletchError) {
            try settings.deliveryTLS.settings.check()
        } catch {
            problems.append("deliveries over https cannot be made: \(error)")
        }
    }

    private mutating func file(_ path: String?, _ name: String) -> Setting<String?> {
        guard let path else { return Setting(nil) }
        if !FileManager.default.isReadableFile(atPath: path) {
            problems.append("\(name) is \(VisibleText.escaped(path)), which cannot be read")
        }
        return Setting(path, .flag(name))
    }

    private mutating func blocks(_ flags: [String], _ name: String, variable: String) -> Setting<[AddressBlock]>? {
        guard let texts = list(flags, name, variable: variable) else { return nil }
        let wrong = texts.value.filter { AddressBlock($0) == nil }
        problems += wrong.map {
            "\(texts.source) is \(VisibleText.escaped($0)): blocks of addresses look like 10.0.0.0/8"
        }
        return Setting(texts.value.compactMap { AddressBlock($0) }, texts.source)
    }

    mutating func readKeys() {
        readEncryptionKey("FLETCHD_ENCRYPTION_KEY", \.vault)
        readEncryptionKey("FLETCHD_OLD_ENCRYPTION_KEY", \.oldVault)
        if let text = pem("WEBHOOK_SIGNING_PRIVATE_KEY") {
            guard let key = AsymmetricKey(pem: text.value) else {
                return problems.append("\(text.source) is no RSA private key in PEM: openssl genrsa 2048 makes one")
            }
            settings.signingKey = Setting(key, text.source)
        }
        if let text = secret("WEBHOOK_SECRET") {
            let secrets = text.value.split { $0.isWhitespace }.map { WebhookSecret(String($0)) }
            guard !secrets.isEmpty, !secrets.contains(nil) else {
                return problems.append(
                    "\(text.source) has to be whsec_ and 24 to 64 bytes in base64, or several of these")
            }
            settings.webhookSecrets = Setting(secrets.compactMap(\.self), text.source)
        }
    }

    mutating func readIncidentReceiver() {
        if let url = variable("INCIDENT_RECEIVER_ENDPOINT") {
            do {
                try FletchRequest.check(url: url.value)
                settings.incidentReceiver = Setting(url.value, url.source)
            } catch {
                problems.append(
                    "\(url.source) is no URL that can be called: it has to be http:// or https://, with a host")
            }
        }
        if let passphrase = secret("INCIDENT_RECEIVER_PASSPHRASE") {
            let text = passphrase.value.trimmingCharacters(in: .newlines)
            if text.isEmpty { problems.append("\(passphrase.source) holds no passphrase") }
            settings.incidentPassphrase = Setting(text, passphrase.source)
        }
    }

    private mutating func readEncryptionKey(_ name: String, _ target: WritableKeyPath<Settings, Setting<Vault>>) {
        guard let text = secret(name) else { return }
        guard let vault = Vault(text.value) else {
            return problems.append("\(text.source) is not 32 bytes in base64: openssl rand -base64 32 makes one")
        }
        settings[keyPath: target] = Setting(vault, text.source)
    }

    /// What the variable says, or the file that the variable with `_FILE` names.
    private mutating func secret(_ name: String) -> Setting<String>? {
        guard let file = variable(name + "_FILE") else { return variable(name) }
        guard variable(name) == nil else {
            problems.append("\(name) and \(name)_FILE are both set: leave one out")
            return nil
        }
        guard let text = Self.content(of: file.value) else {
            problems.append("\(file.source) names \(VisibleText.escaped(file.value)), which cannot be read as text")
            return nil
        }
        return Setting(text, file.source)
    }

    /// PEM or JSON, in quotes and with line ends written as `\n` or not; or the name of a file that holds it.
    private mutating func pem(_ name: String) -> Setting<String>? {
        guard let variable = variable(name) else { return nil }
        let text = variable.value.trimmingCharacters(
            in: .whitespacesAndNewlines.union(.init(charactersIn: "\"'\u{FEFF}")))
        if text.hasPrefix("{") { return Setting(text, variable.source) }
        if text.hasPrefix("-----BEGIN") {
            return Setting(text.replacingOccurrences(of: "\\n", with: "\n"), variable.source)
        }
        guard let content = Self.content(of: text) else {
            // What it says may be a key all the same, and is not shown.
            problems.append(
                "\(variable.source) is neither a key in PEM (or a JWKS) nor the name of a file that can be read")
            return nil
        }
        return Setting(content, variable.source)
    }

    private static func content(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// Each may hold several, with commas between them.
    private func list(_ flags: [String], _ name: String, variable: String) -> Setting<[String]>? {
        let texts = flags.isEmpty ? self.variable(variable).map { [$0.value] } : flags
        guard let texts else { return nil }
        let items = texts.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return Setting(items.filter { !$0.isEmpty }, flags.isEmpty ? .environment(variable) : .flag(name))
    }
}
