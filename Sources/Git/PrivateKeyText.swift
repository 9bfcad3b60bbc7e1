internal import Basics

/// What a text that should be a private key is, seen before it is used: libssh2 has no words for it afterwards.
struct PrivateKeyText {
    enum Form {
        /// Without a passphrase.
        case open
        /// With one.
        case locked
        case publicKey, putty
        /// None of these.
        case other
    }

    let form: Form
    /// Whether it is an RSA key; nil where only who opens it can tell.
    let isRSA: Bool?

    init(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") && $0.contains("PRIVATE KEY-----") })
        else {
            (form, isRSA) = (Self.formWithoutKey(lines), nil)
            return
        }
        let (header, body) = (lines[first], lines[(first + 1)...].prefix { !$0.hasPrefix("-----") })
        if header.contains("OPENSSH ") {
            (form, isRSA) = Self.openSSH(body)
            return
        }
        let isLocked = header.contains("ENCRYPTED ") || body.first?.contains("ENCRYPTED") == true
        form = isLocked ? .locked : .open
        isRSA = header.contains("RSA ") ? true : header.contains("EC ") ? false : nil
    }

    private static func formWithoutKey(_ lines: [Substring]) -> Form {
        if lines.contains(where: { $0.hasPrefix("PuTTY-User-Key-File-") }) { return .putty }
        let isPublic = lines.contains { line in
            line.hasPrefix("----") && line.contains("BEGIN ") && line.contains("PUBLIC KEY")
                || ["ssh-", "ecdsa-sha2-", "sk-"].contains(where: line.hasPrefix) && line.contains(" AAAA")
        }
        return isPublic ? .publicKey : .other
    }

    /// OpenSSH's own form: what the key is encrypted with and its public part stand before the encrypted part.
    private static func openSSH(_ body: ArraySlice<Substring>) -> (Form, Bool?) {
        let text = body.joined().filter { !$0.isWhitespace }.prefix(400)
        let magic = Array("openssh-key-v1\0".utf8)
        guard let bytes = Base64.decode(String(text.prefix(text.count / 4 * 4))), bytes.starts(with: magic) else {
            return (.open, nil)
        }
        var fields = SSHFields(bytes[magic.count...])
        guard let cipher = fields.field() else { return (.open, nil) }
        let form = cipher.elementsEqual("none".utf8) ? Form.open : .locked
        // How the passphrase is used, with its options, the number of keys and the length of the public part.
        guard fields.field() != nil, fields.field() != nil, fields.number() != nil, fields.number() != nil,
            let kind = fields.field()
        else {
            return (form, nil)
        }
        return (form, kind.elementsEqual("ssh-rsa".utf8))
    }
}

extension GitFault {
    /// Why a key can't be used, told before anybody is asked; nil when it can.
    ///
    /// `setting` is the part of the configuration that names the key, such as `ssot.`, or empty.
    static func unusableKey(
        _ key: PrivateKeyText, at reference: SecretReference, hasPassphrase: Bool, setting: String, place: String
    ) -> GitFault? {
        var path: String?
        if case .file(let name) = reference { path = name }
        let file = path?.shellQuoted ?? "KEY"
        switch key.form {
        case .open: return nil
        case .locked:
            guard !hasPassphrase else { return nil }
            return GitFault(
                .credentialMissing, "the ssh key at \(reference) has a passphrase, and none is configured",
                place: place, hint: "set \(setting)ssh_passphrase to where it is: env:NAME or file:/path")
        case .publicKey:
            let other = path.flatMap { $0.hasSuffix(".pub") ? String($0.dropLast(4)) : nil }
            return GitFault(
                .wrongCredential, "what is at \(reference) is a public key, where the private one is needed",
                place: place,
                hint: "set \(setting)ssh_key to the path of the private key"
                    + (other.map { ", which often is the same without .pub: \($0)" } ?? ""))
        case .putty:
            return GitFault(
                .wrongCredential, "the ssh key at \(reference) has PuTTY's form, which can't be read", place: place,
                hint: "puttygen \(file) -O private-openssh -o NEW, then set \(setting)ssh_key to NEW")
        case .other:
            return GitFault(
                .wrongCredential, "what is at \(reference) is no private key in PEM or OpenSSH form", place: place,
                hint: "see what ssh makes of it: ssh-keygen -y -f \(file)")
        }
    }
}
