public import Basics
internal import CMicroHTTPD
internal import MicroHTTPDShim

/// By what a server proves to browsers who it is: its certificate and the key of it.
public struct WebIdentity: Sendable {
    /// PEM: the server's own certificate, then those that lead to an authority.
    public let certificate: String
    /// PEM, without a passphrase.
    public let key: Secret

    public init(certificate: String, key: Secret) {
        self.certificate = certificate
        self.key = key
    }

    /// Whether a server could prove itself by it.
    ///
    /// - Returns: when the certificate ends; nil when it doesn't say so.
    /// - Throws: `WebFault` when they can't be used.
    public func check() throws(WebFault) -> Timestamp? { try IdentityInUse(self).end }
}

/// A certificate and a key as the daemon's connections use them.
final class IdentityInUse: @unchecked Sendable {  // The C side locks.
    let pointer: OpaquePointer

    /// - Throws: `WebFault` when they can't be used.
    init(_ identity: WebIdentity) throws(WebFault) {
        var status: CInt = 0
        guard let pointer = identity.key.reveal({ web_identity_make(identity.certificate, $0, &status) }) else {
            throw Self.fault(status)
        }
        self.pointer = pointer
    }

    deinit { web_identity_free(pointer) }

    /// For connections that come from now on.
    ///
    /// - Throws: `WebFault` when the new ones can't be used; then the old ones stay.
    func replace(by identity: WebIdentity) throws(WebFault) {
        let status = identity.key.reveal { web_identity_replace(pointer, identity.certificate, $0) }
        guard status == 0 else { throw Self.fault(status) }
    }

    /// When the certificate ends; nil when it doesn't say so.
    var end: Timestamp? {
        let seconds = web_identity_end(pointer)
        return seconds < 0 ? nil : Timestamp(seconds: seconds)
    }

    private static func fault(_ status: CInt) -> WebFault {
        WebFault(
            code: "WEB-0003",
            message: "the certificate and its key can't be used: \(String(cString: web_identity_reason(status)))",
            place: nil,
            hint: "both have to be PEM and of one pair; compare: openssl x509 -noout -pubkey -in CERTIFICATE, "
                + "openssl pkey -pubout -in KEY")
    }
}
