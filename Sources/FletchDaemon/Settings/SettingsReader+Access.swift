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
        if let text = secret("PASSPHRASES") { settings.passphrases = Setting(Passphrases(text.value), text.source) }
        if let text = pem("JWT_PUBLIC_KEY") { settings.jwtKey = Setting(text.value, text.source) }
        if let problem = settings.exposure { problems.append(problem) }
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
            guard !secrets.contains(nil) else {
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
            settings.incidentPassphrase = Setting(
                passphrase.value.trimmingCharacters(in: .newlines), passphrase.source)
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
        return content(of: file)
    }

    /// PEM or JSON, line ends written as `\n` included, or a file of it.
    private mutating func pem(_ name: String) -> Setting<String>? {
        guard let text = variable(name) else { return nil }
        let start = text.value.drop(while: \.isWhitespace)
        guard start.hasPrefix("-----BEGIN") || start.hasPrefix("{") else { return content(of: text) }
        return start.hasPrefix("{")
            ? text : Setting(text.value.replacingOccurrences(of: "\\n", with: "\n"), text.source)
    }

    private mutating func content(of file: Setting<String>) -> Setting<String>? {
        do {
            return Setting(try String(contentsOfFile: file.value, encoding: .utf8), file.source)
        } catch {
            problems.append("\(file.source) names \(VisibleText.escaped(file.value)), which cannot be read as text")
            return nil
        }
    }

    /// Each may hold several, with commas between them.
    private func list(_ flags: [String], _ name: String, variable: String) -> Setting<[String]>? {
        let texts = flags.isEmpty ? self.variable(variable).map { [$0.value] } : flags
        guard let texts else { return nil }
        let items = texts.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces) }
        return Setting(items.filter { !$0.isEmpty }, flags.isEmpty ? .environment(variable) : .flag(name))
    }
}
