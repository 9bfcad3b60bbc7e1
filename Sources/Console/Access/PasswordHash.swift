public import Basics
internal import CCrypto

/// A password as it is kept: scrypt (RFC 7914), `scrypt$N$r$p$SALT$HASH`.
public struct PasswordHash: Sendable, Hashable {
    /// How much work a guess is: `128 * N * r` bytes of memory, `p` times over.
    public struct Cost: Sendable, Hashable {
        let n: UInt64
        let r: UInt64
        let p: UInt64

        /// 32 MiB three times over: about a fifth of a second (OWASP's cheat sheet on storing passwords).
        public static let standard = Cost(n: 1 << 15, r: 8, p: 3)
        /// For tests.
        public static let least = Cost(n: 2, r: 8, p: 1)

        fileprivate var isSound: Bool {
            n >= 2 && n & (n - 1) == 0 && n <= 1 << 20 && (1...16).contains(r) && (1...8).contains(p)
        }
    }

    /// The fewest characters of a password.
    public static let leastLength = 12

    /// The text that is kept; nil where the system gives no memory for it.
    public static func make(_ password: Secret, salt: [UInt8], cost: Cost = .standard) -> String? {
        guard let hash = derive(password, salt, cost) else { return nil }
        return "scrypt$\(cost.n)$\(cost.r)$\(cost.p)$\(Hex.encode(salt))$\(Hex.encode(hash))"
    }

    /// Whether a password is the one of a kept text.
    public static func verify(_ password: Secret, against text: String) -> Bool {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let n = UInt64(parts[1]), let r = UInt64(parts[2]),
            let p = UInt64(parts[3]), let salt = Hex.decode(parts[4]), let hash = Hex.decode(parts[5]),
            hash.count == 32
        else { return false }
        let cost = Cost(n: n, r: r, p: p)
        guard cost.isSound, let given = derive(password, salt, cost) else { return false }
        return equalInConstantTime(given, hash)
    }

    private static func derive(_ password: Secret, _ salt: [UInt8], _ cost: Cost) -> [UInt8]? {
        var hash = [UInt8](repeating: 0, count: 32)
        let done = password.reveal { text in
            let bytes = Array(text.utf8).map { CChar(bitPattern: $0) }
            return EVP_PBE_scrypt(
                bytes, bytes.count, salt, salt.count, cost.n, cost.r, cost.p, 256 << 20, &hash, hash.count)
        }
        return done == 1 ? hash : nil
    }
}
