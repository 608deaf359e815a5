import FletchServer

extension Settings {
    /// Why it must not start: whoever reaches the port could have any URL called. nil where that cannot be.
    var exposure: String? {
        guard isOpen, !isInDocker.value, !isAnonymous.value, !Self.isLoopback(host.value) else { return nil }
        return """
            \(host.source) is \(VisibleText.escaped(host.value)): anybody who reaches the port could have any URL called. Set \
            PASSPHRASES (or JWT_PUBLIC_KEY) to ask for a token, or start with --anonymous where only friends reach it
            """
    }

    /// What is not wrong, but could be better.
    var warnings: [String] {
        var warnings: [String] = []
        if passphrases.value.shortCount > 0 {
            warnings.append(
                """
                \(passphrases.source) has a passphrase of fewer than \(Passphrases.sensibleBytes) bytes, which can be \
                guessed: openssl rand -hex 16 makes a longer one
                """)
        }
        if !isOpen, !webhookSecrets.value.isEmpty {
            warnings.append(
                "\(webhookSecrets.source) is not used: with tenants each has a secret of its own (POST /signing-secret/rotate)"
            )
        }
        if hasTestClock.value {
            warnings.append(
                "\(hasTestClock.source): time stands still until somebody moves it (POST /clock/advance); for tests alone"
            )
        }
        if let certificateWarning { warnings.append("\(tlsCertificate.source): \(certificateWarning)") }
        if !isOpen, allowedOrigins.value.contains("*") {
            warnings.append(
                """
                \(allowedOrigins.source) is *: every page may use a passphrase that a browser has kept. With tokens every page may \
                ask without it
                """)
        }
        return warnings + ineffective
    }

    /// What is set and changes nothing.
    private var ineffective: [String] {
        var warnings: [String] = []
        if !callsPublicTargetsOnly.value, !allowedTargets.value.isEmpty {
            warnings.append(
                """
                \(allowedTargets.source) restricts nothing: without PASSPHRASES, JWT_PUBLIC_KEY or ENABLE_SSRF_PREVENTION every \
                target may be called
                """)
        }
        let ofOpenMode: [(isSet: Bool, source: SettingSource)] = [
            (!allowedHosts.value.isEmpty, allowedHosts.source), (isAnonymous.value, isAnonymous.source),
        ]
        for (isSet, source) in ofOpenMode where isSet && !isOpen {
            warnings.append("\(source) changes nothing where a token is needed")
        }
        if incidentPassphrase.value != nil, incidentReceiver.value == nil {
            warnings.append("\(incidentPassphrase.source) is not used: INCIDENT_RECEIVER_ENDPOINT is not set")
        }
        return warnings
    }

    private static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        return ["localhost", "localhost.", "::1"].contains(name) || name.hasSuffix(".localhost") || isIn127(name)
    }

    private static func isIn127(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
