/// Finds token-shaped stretches in a text, in one pass and without a regular expression.
struct SecretScanner {
    let text: [UInt8]

    init(_ text: [UInt8]) { self.text = text }

    /// A prefix that a provider puts before its tokens, and how many token characters must follow.
    private struct Shape {
        let kind: String
        let prefix: [UInt8]
        let least: Int
        let isHex: Bool
        /// What stands between the parts of it, beside the characters of a token; 0 where it has one part.
        let joint: UInt8

        init(_ kind: String, _ prefix: String, _ least: Int, isHex: Bool = false, joint: Unicode.Scalar? = nil) {
            self.kind = kind
            self.prefix = Array(prefix.utf8)
            self.least = least
            self.isHex = isHex
            self.joint = joint.map { UInt8(truncatingIfNeeded: $0.value) } ?? 0
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

    private static let shapes: [Shape] = {
        var shapes = [
            Shape("a DigitalOcean token", "dop_v1_", 64, isHex: true),
            Shape("a DigitalOcean token", "doo_v1_", 64, isHex: true),
            Shape("a DigitalOcean token", "dor_v1_", 64, isHex: true), Shape("a Supabase token", "sbp_", 32),
            Shape("a Supabase key", "sb_secret_", 16), Shape("a GitLab token", "glpat-", 16),
            Shape("a Slack webhook", "hooks.slack.com/services/", 30, joint: "/"),
            Shape("a Slack webhook", "hooks.slack.com/workflows/", 30, joint: "/"),
            Shape("a Slack webhook", "hooks.slack.com/triggers/", 30, joint: "/"),
            Shape("a Discord webhook", "discord.com/api/webhooks/", 40, joint: "/"), Shape("an API key", "sk-", 20),
            Shape("a Stripe key", "sk_live_", 16), Shape("a Stripe key", "rk_live_", 16),
            Shape("an AWS access key", "AKIA", 16), Shape("an AWS access key", "ASIA", 16),
            Shape("a Google API key", "AIza", 35), Shape("a Google secret", "GOCSPX-", 24),
            Shape("a Mailgun key", "key-", 32, isHex: true), Shape("a Plane token", "plane_api_", 16),
            Shape("a Plane hook secret", "plane_wh_", 16),
            Shape("a webhook secret", "whsec_", 16), Shape("a Docker token", "dckr_pat_", 16),
            Shape("a Docker token", "dckr_oat_", 16), Shape("an npm token", "npm_", 30),
            Shape("a PyPI token", "pypi-AgE", 50), Shape("a SendGrid key", "SG.", 60, joint: "."),
            Shape("an age key", "AGE-SECRET-KEY-1", 50), Shape("a Vault token", "hvs.", 24),
            Shape("a Grafana token", "glsa_", 32), Shape("a Tailscale key", "tskey-", 20),
            Shape("a Linear key", "lin_api_", 32), Shape("a Shopify token", "shpat_", 32, isHex: true),
            Shape("a Figma token", "figd_", 32), Shape("a Sentry token", "sntrys_", 40),
            Shape("a Sentry token", "sntryu_", 40), Shape("a Google token", "ya29.", 40, joint: "."),
        ]
        let github = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]
        let slack = ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxe-", "xoxc-", "xoxd-", "xoxs-", "xapp-"]
        let vercel = ["vcp_", "vci_", "vca_", "vcr_", "vck_"]
        for prefix in github { shapes.append(Shape("a GitHub token", prefix, 20)) }
        for prefix in slack { shapes.append(Shape("a Slack token", prefix, 10)) }
        for prefix in vercel { shapes.append(Shape("a Vercel token", prefix, 20)) }
        return shapes
    }()

    /// What may begin with a byte.
    private struct Start: OptionSet {
        let rawValue: UInt8

        static let word = Start(rawValue: 1)
        /// A prefix of a token.
        static let shape = Start(rawValue: 2)
        /// `://`, `-----BEGIN`, the hyphen in a Mailgun key, or what was masked before.
        static let sign = Start(rawValue: 4)
    }

    private static let starts: [Start] = {
        var starts = (UInt8.min...UInt8.max).map { isWord($0) ? Start.word : [] }
        for shape in shapes { starts[Int(shape.prefix[0])].insert(.shape) }
        starts[Int(webTokenStart[0])].insert(.shape)
        for sign in [UInt8(ascii: ":"), UInt8(ascii: "-"), mask[0]] { starts[Int(sign)].insert(.sign) }
        return starts
    }()

    /// The shapes whose prefixes begin with the same two bytes; the first of these groups is that of all other bytes.
    private static let groups: [[Shape]] = {
        var groups: [[Shape]] = [[]]
        for shape in shapes {
            let start = shape.prefix.prefix(2)
            if let known = groups.firstIndex(where: { $0.first?.prefix.prefix(2) == start }) {
                groups[known].append(shape)
            } else {
                groups.append([shape])
            }
        }
        return groups
    }()

    /// The group of two bytes, so that most words cost one look; what begins a web token has one without shapes.
    private static let groupOfPair: [UInt8] = {
        var groupOfPair = [UInt8](repeating: 0, count: 1 << 16)
        for (number, group) in groups.enumerated() {
            guard let prefix = group.first?.prefix else { continue }
            groupOfPair[pair(prefix[0], prefix[1])] = UInt8(number)
        }
        groupOfPair[pair(webTokenStart[0], webTokenStart[1])] = webTokenGroup
        return groupOfPair
    }()

    private static let webTokenGroup = UInt8.max

    private static func pair(_ first: UInt8, _ second: UInt8) -> Int { Int(first) << 8 | Int(second) }

    /// The stretches in order, with what they look like; guesses only where they are asked for.
    func matches(guessing: Bool = true) -> [Match] {
        var found: [Match] = []
        var refused = Refused()
        var (index, end) = (0, 0)
        while let candidate = candidate(from: index, guessing: guessing) {
            guard let match = match(at: candidate, guessing: guessing, &refused), !match.range.isEmpty else {
                index = candidate + 1
                continue
            }
            // A key is known by the hyphen in its middle: what lies before may have been found already.
            let start = max(match.range.lowerBound, end)
            end = match.range.upperBound
            index = end
            found.append(
                Match(range: start..<end, kind: match.kind, body: max(match.body, start), isGuess: match.isGuess))
        }
        return found
    }

    /// Where runs end that came to nothing: no part of such a run comes to more, and looking at each again would take the
    /// square of its length.
    private struct Refused {
        /// No random text before it.
        var randomText = 0
        /// No dot follows the token characters before it.
        var webToken = 0
    }

    /// The next place at which a stretch can begin; nearly every byte is passed over with one look.
    private func candidate(from start: Int, guessing: Bool) -> Int? {
        let (starts, groupOfPair) = (Self.starts, Self.groupOfPair)
        return text.withUnsafeBufferPointer { text in
            let count = text.count
            var isInWord = start > 0 && start <= count && Self.isWord(text[start - 1])
            var index = start
            while index < count {
                let byte = text[index]
                let kind = starts[Int(byte)]
                if kind.contains(.sign) {
                    let isSign =
                        switch byte {
                        case UInt8(ascii: ":"): index + 2 < count && text[index + 1] == UInt8(ascii: "/")
                        case UInt8(ascii: "-"):
                            index + 9 < count
                                && (text[index + 5] == UInt8(ascii: "B") && text[index + 1] == byte
                                    || text[index + 9] == byte && index >= 32 && isInWord)
                        default: index + 2 < count && text[index + 1] == Self.mask[1]
                        }
                    if isSign { return index }
                } else if !isInWord, kind.contains(.word) {
                    if guessing { return index }
                    if kind.contains(.shape), index + 1 < count, groupOfPair[Self.pair(byte, text[index + 1])] > 0 {
                        return index
                    }
                }
                isInWord = kind.contains(.word)
                index += 1
            }
            return nil
        }
    }

    private func match(at index: Int, guessing: Bool, _ refused: inout Refused) -> Match? {
        let byte = text[index]
        if byte == UInt8(ascii: ":") {
            return password(at: index).map { Match(range: $0, kind: "a password in an address", body: $0.lowerBound) }
        }
        if byte == UInt8(ascii: "-") {
            return privateKey(at: index).map {
                Match(range: $0, kind: "a private key", body: $0.lowerBound)
            }
                ?? pairedKey(at: index).map { Match(range: $0, kind: "a Mailgun key", body: $0.lowerBound) }
        }
        if byte == Self.mask[0] {
            let end = maskEnd(from: index)
            return Match(range: index..<end, kind: "what was masked", body: index, isGuess: true)
        }
        let group = index + 1 < text.count ? Self.groupOfPair[Self.pair(byte, text[index + 1])] : 0
        if group == Self.webTokenGroup {
            if has(Self.webTokenStart, at: index) {
                return webToken(at: index, &refused).map {
                    Match(range: $0, kind: "a JSON web token", body: $0.lowerBound)
                }
            }
        } else if group > 0 {
            for shape in Self.groups[Int(group)] where has(shape.prefix, at: index) {
                let start = index + shape.prefix.count
                if shape.isHex, run(from: start, Self.isHex) - start < shape.least { continue }
                let end =
                    shape.joint == 0
                    ? run(from: start, Self.isToken)
                    : run(from: start) { Self.isToken($0) || $0 == shape.joint }
                if end - start >= shape.least { return Match(range: index..<end, kind: shape.kind, body: start) }
            }
        }
        guard guessing else { return nil }
        return randomText(at: index, &refused).map {
            Match(range: $0, kind: "a random text", body: $0.lowerBound, isGuess: true)
        }
    }

    private static let webTokenStart = Array("eyJ".utf8)

    /// `eyJ….….…`: header, claims, signature (RFC 7519).
    private func webToken(at index: Int, _ refused: inout Refused) -> Range<Int>? {
        guard index >= refused.webToken else { return nil }
        var end = index
        for part in 0..<3 {
            let start = end
            end = run(from: start, Self.isToken)
            guard end - start >= (part == 0 ? 8 : 4) else { return part == 2 ? index..<end : nil }
            if part < 2 {
                guard end < text.count, text[end] == UInt8(ascii: ".") else {
                    guard part == 0 else { return index..<end }
                    refused.webToken = end
                    return nil
                }
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

    /// The key around its first hyphen, as Mailgun makes them: 32 hexadecimal digits, 8 and 8.
    private func pairedKey(at hyphen: Int) -> Range<Int>? {
        let (start, end) = (hyphen - 32, hyphen + 18)
        guard start >= 0, end <= text.count, text[hyphen + 9] == UInt8(ascii: "-") else { return nil }
        guard text[start..<hyphen].allSatisfy(Self.isHex), text[hyphen + 1..<hyphen + 9].allSatisfy(Self.isHex),
            text[hyphen + 10..<end].allSatisfy(Self.isHex)
        else { return nil }
        guard start == 0 || !Self.isToken(text[start - 1]), end == text.count || !Self.isToken(text[end]) else {
            return nil
        }
        return start..<end
    }

    /// What stands for each character of a secret that was masked: one of no language, three bytes of UTF-8.
    static let mask = Array("\u{EDAC}".utf8)

    private func maskEnd(from index: Int) -> Int {
        var end = index
        while has(Self.mask, at: end) { end += Self.mask.count }
        return end
    }

    /// Forty or more token characters with upper case, lower case and digits mixed, which no name has.
    ///
    /// A commit id or a digest has no upper case and stays readable.
    private func randomText(at index: Int, _ refused: inout Refused) -> Range<Int>? {
        guard index >= refused.randomText else { return nil }
        let end = run(from: index) { Self.isWord($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "=") }
        let part = text[index..<end]
        if part.count >= 40, part.count(where: { (65...90).contains($0) }) >= 4,
            part.count(where: { (97...122).contains($0) }) >= 4, part.count(where: { (48...57).contains($0) }) >= 4
        {
            return index..<end
        }
        refused.randomText = end
        return nil
    }

    func has(_ prefix: [UInt8], at index: Int) -> Bool {
        guard text.count - index >= prefix.count else { return false }
        for (offset, byte) in prefix.enumerated() where text[index + offset] != byte { return false }
        return true
    }

    func run(from start: Int, _ isPart: (UInt8) -> Bool) -> Int {
        var end = min(start, text.count)
        while end < text.count, isPart(text[end]) { end += 1 }
        return end
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }

    static func isToken(_ byte: UInt8) -> Bool { isWord(byte) || byte == UInt8(ascii: "-") }

    private static func isHex(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (97...102).contains(byte) }
}
