import FletchServer

// The certificate of the API itself.
extension SettingsReader {
    mutating func readTLS() {
        let certificate = text(options.tlsCert, "--tls-cert", variable: "TLS_CERT")
        let key = text(options.tlsKey, "--tls-key", variable: "TLS_KEY")
        if let key { settings.tlsKey = Setting(key.value, key.source) }
        guard let certificate else {
            if let key {
                problems.append("\(key.source) is of no use without --tls-cert: name the certificate, too")
            }
            return
        }
        settings.tlsCertificate = Setting(certificate.value, certificate.source)
        do throws(ServerCertificate.Unusable) {
            let read = try ServerCertificate(chain: certificate.value, key: key?.value ?? certificate.value)
            settings.certificateWarning = read.warning()
        } catch {
            problems.append("\(certificate.source): \(VisibleText.escaped("\(error)"))")
        }
    }
}

extension Settings {
    var isSecure: Bool { tlsCertificate.value != nil }

    func certificates() throws(ServerCertificate.Unusable) -> Certificates? {
        guard let chain = tlsCertificate.value else { return nil }
        return try Certificates(chain: chain, key: tlsKey.value ?? chain)
    }
}
