/// Finds token-shaped stretches in a text, in one pass and without a regular expression.
struct SecretScanner {
    private let text: [UInt8]

    init(_ text: [UInt8]) { self.text = text }

    /// A prefix that a provider puts before its tokens, and how many token characters must follow.
    private struct Shape {
        let kind: String
        let prefix: [UInt8]
        let least: Int
        let isHex: Bool

        init(_ kind: String, _ prefix: String, _ least: Int, isHex: Bool = false) {
            self.kind = kind
            self.prefix = Array(prefix.utf8)
            self.least = least
            self.isHex = isHex
        }
    }

    /// A stretch with what it looks like.
    struct Match {
        let range: Range<Int>
        let kind: String
        /// Where the part begins that is nobody's but the owner's: after the prefix.
        let body: Int
        /// Only its randomness speaks for it.
        var isGuess = false
    }

    private static let shapes = [
        Shape("a DigitalOcean token", "dop_v1_", 64, isHex: true),
        Shape("a DigitalOcean token", "doo_v1_", 64, isHex: true),
        Shape("a DigitalOcean token", "dor_v1_", 64, isHex: true), Shape("a Supabase token", "sbp_", 32),
        Shape("a Supabase key", "sb_secret_", 16), Shape("a GitHub token", "ghp_", 20),
        Shape("a GitHub token", "gho_", 20), Shape("a GitHub token", "ghu_", 20), Shape("a GitHub token", "ghs_", 20),
        Shape("a GitHub token", "ghr_", 20), Shape("a GitHub token", "github_pat_", 20),
        Shape("a GitLab token", "glpat-", 16), Shape("a Slack token", "xoxb-", 10), Shape("a Slack token", "xoxp-", 10),
        Shape("a Slack token", "xoxa-", 10), Shape("a Slack token", "xoxr-", 10), Shape("a Slack token", "xoxe-", 10),
        Shape("a Slack token", "xapp-", 10), Shape("an API key", "sk-", 20), Shape("a Stripe key", "sk_live_", 16),
        Shape("a Stripe key", "rk_live_", 16), Shape("an AWS access key", "AKIA", 16),
        Shape("an AWS access key", "ASIA", 16), Shape("a Google API key", "AIza", 35),
        Shape("a Mailgun key", "key-", 32, isHex: true), Shape("a Plane token", "plane_api_", 16),
        Shape("a webhook secret", "whsec_", 16), Shape("a Vercel token", "vcp_", 20),
        Shape("a Docker token", "dckr_pat_", 16), Shape("an npm token", "npm_", 30), Shape("a SendGrid key", "SG.", 40),
    ]

    /// What may begin with a byte.
    private struct Start: OptionSet {
        let rawValue: UInt8

        static let word = Start(rawValue: 1)
        /// A prefix of a token.
        static let shape = Start(rawValue: 2)
        /// `://` or `-----BEGIN`.
        static let sign = Start(rawValue: 4)
    }

    private static let starts: [Start] = {
        var starts = (UInt8.min...UInt8.max).map { isWord($0) ? Start.word : [] }
        for shape in shapes { starts[Int(shape.prefix[0])].insert(.shape) }
        starts[Int(webTokenStart[0])].insert(.shape)
        for sign in [":", "-"] as [Unicode.Scalar] { starts[Int(sign.value)].insert(.sign) }
        return starts
    }()

    /// By the first two bytes of the prefix, so that most words cost one look.
    private static let isStart: [Bool] = {
        var isStart = [Bool](repeating: false, count: 1 << 16)
        for shape in shapes { isStart[pair(shape.prefix[0], shape.prefix[1])] = true }
        isStart[pair(webTokenStart[0], webTokenStart[1])] = true
        return isStart
    }()

    private static func pair(_ first: UInt8, _ second: UInt8) -> Int { Int(first) << 8 | Int(second) }

    /// The stretches in order; they don't overlap.
    func ranges() -> [Range<Int>] { matches().map(\.range) }

    /// The stretches in order, with what they look like; guesses only where they are asked for.
    func matches(guessing: Bool = true) -> [Match] {
        var found: [Match] = []
        var index = 0
        while let candidate = candidate(from: index, guessing: guessing) {
            if let match = match(at: candidate, guessing: guessing), !match.range.isEmpty {
                found.append(match)
                index = match.range.upperBound
            } else {
                index = candidate + 1
            }
        }
        return found
    }

    /// The next place at which a stretch can begin; nearly every byte is passed over with one look.
    private func candidate(from start: Int, guessing: Bool) -> Int? {
        let (starts, isStart) = (Self.starts, Self.isStart)
        return text.withUnsafeBufferPointer { text in
            let count = text.count
            var isInWord = start > 0 && start <= count && Self.isWord(text[start - 1])
            var index = start
            while index < count {
                let byte = text[index]
                let kind = starts[Int(byte)]
                if kind.contains(.sign) {
                    let isSign =
                        byte == UInt8(ascii: ":")
                        ? index + 2 < count && text[index + 1] == UInt8(ascii: "/")
                        : index + 5 < count && text[index + 5] == UInt8(ascii: "B") && text[index + 1] == byte
                    if isSign { return index }
                } else if !isInWord, kind.contains(.word) {
                    if guessing { return index }
                    if kind.contains(.shape), index + 1 < count, isStart[Self.pair(byte, text[index + 1])] {
                        return index
                    }
                }
                isInWord = kind.contains(.word)
                index += 1
            }
            return nil
        }
    }

    private func match(at index: Int, guessing: Bool) -> Match? {
        let byte = text[index]
        if byte == UInt8(ascii: ":") {
            return password(at: index).map { Match(range: $0, kind: "a password in an address", body: $0.lowerBound) }
        }
        if byte == UInt8(ascii: "-") {
            return privateKey(at: index).map { Match(range: $0, kind: "a private key", body: $0.lowerBound) }
        }
        if index + 1 < text.count, Self.isStart[Self.pair(byte, text[index + 1])] {
            for shape in Self.shapes where has(shape.prefix, at: index) {
                let start = index + shape.prefix.count
                let end = run(from: start, Self.isToken)
                let needed = shape.isHex ? run(from: start, Self.isHex) - start : end - start
                if needed >= shape.least { return Match(range: index..<end, kind: shape.kind, body: start) }
            }
            if has(Self.webTokenStart, at: index) {
                return webToken(at: index).map { Match(range: $0, kind: "a JSON web token", body: $0.lowerBound) }
            }
        }
        guard guessing else { return nil }
        return randomText(at: index).map {
            Match(range: $0, kind: "a random text", body: $0.lowerBound, isGuess: true)
        }
    }

    private static let webTokenStart = Array("eyJ".utf8)

    /// `eyJ….….…`: header, claims, signature (RFC 7519).
    private func webToken(at index: Int) -> Range<Int>? {
        var end = index
        for part in 0..<3 {
            let start = end
            end = run(from: start, Self.isToken)
            guard end - start >= (part == 0 ? 8 : 4) else { return part == 2 ? index..<end : nil }
            if part < 2 {
                guard end < text.count, text[end] == UInt8(ascii: ".") else { return part == 0 ? nil : index..<end }
                end += 1
            }
        }
        return index..<end
    }

    /// The password in `scheme://user:password@host`.
    private func password(at index: Int) -> Range<Int>? {
        guard index + 2 < text.count, text[index + 1] == UInt8(ascii: "/"), text[index + 2] == UInt8(ascii: "/") else {
            return nil
        }
        let start = index + 3
        let end = run(from: start) {
            $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != 0x22 && $0 != 0x27 && $0 != UInt8(ascii: ">")
        }
        guard let at = text[start..<end].lastIndex(of: UInt8(ascii: "@")),
            let colon = text[start..<at].firstIndex(of: UInt8(ascii: ":")), colon + 1 < at
        else { return nil }
        // A reference such as ${PASSWORD} or <password> is no secret.
        let first = text[colon + 1]
        guard first != UInt8(ascii: "$"), first != UInt8(ascii: "<"), first != UInt8(ascii: "{") else { return nil }
        return colon + 1..<at
    }

    /// `-----BEGIN … PRIVATE KEY-----` to the end of its block, or of the text.
    private func privateKey(at index: Int) -> Range<Int>? {
        guard has(Self.keyStart, at: index) else { return nil }
        let lineEnd = run(from: index + 11) { $0 != UInt8(ascii: "-") && $0 != 0x0A }
        guard text[index..<lineEnd].suffix(11).elementsEqual("PRIVATE KEY".utf8) else { return nil }
        let marker = Array("-----END ".utf8)
        var end = lineEnd
        while end < text.count, !has(marker, at: end) { end += 1 }
        if end < text.count { end = run(from: end) { $0 != 0x0A } }
        return index..<end
    }

    private static let keyStart = Array("-----BEGIN ".utf8)

    /// Forty or more token characters with upper case, lower case and digits mixed, which no name has.
    ///
    /// A commit id or a digest has no upper case and stays readable.
    private func randomText(at index: Int) -> Range<Int>? {
        let end = run(from: index) { Self.isWord($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "=") }
        guard end - index >= 40 else { return nil }
        let part = text[index..<end]
        let uppers = part.count { (65...90).contains($0) }
        let lowers = part.count { (97...122).contains($0) }
        let digits = part.count { (48...57).contains($0) }
        guard uppers >= 4, lowers >= 4, digits >= 4 else { return nil }
        return index..<end
    }

    private func has(_ prefix: [UInt8], at index: Int) -> Bool {
        guard text.count - index >= prefix.count else { return false }
        for (offset, byte) in prefix.enumerated() where text[index + offset] != byte { return false }
        return true
    }

    private func run(from start: Int, _ isPart: (UInt8) -> Bool) -> Int {
        var end = min(start, text.count)
        while end < text.count, isPart(text[end]) { end += 1 }
        return end
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isToken(_ byte: UInt8) -> Bool { isWord(byte) || byte == UInt8(ascii: "-") }

    private static func isHex(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }
}
