import Basics
import DesiredState
import Formats
import Glibc
import TestKit
import Testing

/// A token pasted anywhere: whatever is made of the text, nothing that leaves this room holds a part of it.
@Suite struct SecretLeakTests {
    /// The shapes, each with its random part between bars, so that no scanner takes the test for a leak.
    private static let shapes: [String] = [
        "ghp_|Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c|", "github_pat_|11ABCDEFG0q7mV2xK9pR4tW6yB8nD3fH5j|",
        "sbp_|4f9a1c7e3b8d2056af1e9c3b7d5f2a8046e1c9b3|",
        "dop_v1_|9c4e1a7f3b8d2056af1e9c3b7d5f2a8046e1c9b35d7f2a80c4e6b19d3f5a7c02|",
        "xoxb-|274918365027-kq7mv2xk9pr4tw6yb8nd|", "xapp-|1-A0Q7MV2XK9-274918365027-4f9a1c7e3b8d|",
        "key-|4f9a1c7e3b8d2056af1e9c3b7d5f2a80|", "|4f9a1c7e3b8d2056af1e9c3b7d5f2a80|-a3bf4f1b-2b0b822c",
        "SG.|ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf09kqeF8tAmbihYzrnopKc1s5cr3Q|",
        "https://hooks.slack.com/services/|T024BE7LD/B7QK4P0ZN/u8Yk2mQ0sVd4Wn6Xz1Lp3Rt5|",
        "sk-|q7mv2xk9pr4tw6yb8nd3fh5jl1sz0c|", "AKIA|Q7MV2XK9PR4TW6YB|", "glpat-|q7mV2xK9pR4tW6yB8nD3|",
        "plane_api_|4f9a1c7e3b8d2056af1e9c3b7d5f2a80|", "plane_wh_|4f9a1c7e3b8d2056af1e9c3b7d5f2a81|",
        "vcp_|Zk3vQ9mW1xT7bN5cR8yL2pD6|",
        "eyJhbGciOiJIUzI1NiJ9.|eyJzdWIiOiJxN21WMnhLOXBSNHRXNnlCOCJ9.kq7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c|",
        "postgres://odoo:|q7mV2xK9pR4tW6yB8nD3|@db:5432/odoo",
        "-----BEGIN PRIVATE KEY-----|MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw|-----END PRIVATE KEY-----",
    ]

    /// Where a text can stand in a line of YAML.
    private enum Part: CaseIterable {
        case key, value, quotedValue, nameInValue, comment, escapedKey, escapedValue, joinedValue
    }

    private static let example = Result { () throws -> (SourceTree, documents: [Int]) in
        var tree = try exampleTree()
        tree.files = tree.files.map(\.identified)
        let read = Set(readDesiredState(tree).documents.map(\.path))
        return (
            tree,
            tree.files.indices.filter { index in
                let path = tree.files[index].path
                return path.hasSuffix(".yaml") && read.contains(path)
            }
        )
    }

    /// What is read of the example, so that only the changed file is parsed.
    private static let cache = DocumentCache()

    /// Of all the places sixty, or twenty times what `LEAKS` says.
    @Test(arguments: UInt64(0)..<20) func noPartOfAPastedTokenLeaves(_ seed: UInt64) throws {
        let rounds = ProcessEnvironment.variables()["LEAKS"].flatMap { Int($0) } ?? 3
        let random = RandomSource(seed: seed)
        for round in 0..<rounds { try attempt(random, "seed \(seed), round \(round)") }
    }

    private func attempt(_ random: RandomSource, _ label: String) throws {
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        var (tree, documents) = try Self.example.get()
        let index = documents[pick(documents.count)]
        guard case .bytes(let bytes) = tree.files[index].content else { return }
        let shape = Self.shapes[pick(Self.shapes.count)]
        let parts = shape.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let token = parts.joined()
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let filled = lines.indices.filter { lines[$0].contains { $0 != " " && $0 != "-" } }
        let line = filled[pick(filled.count)]
        let part = Part.allCases[pick(Part.allCases.count)]
        lines[line] = Substring(Self.line(String(lines[line]), with: token, part))
        let path = tree.files[index].path
        tree.files[index] = SourceFile(path: path, text: lines.joined(separator: "\n"))
        let comment: Comment = "\(label): \(part) of \(path):\(line + 1): \(lines[line])"
        let state = readDesiredState(tree, cache: Self.cache)
        #expect(state.diagnostics.contains { $0.code == "SSOT-0300" && $0.mark?.line == line + 1 }, comment)
        let gates = evaluateGates(tree, GateInputs(), cache: Self.cache)
        expectNone(of: parts[1], in: "\(state) \(gates)", comment)
    }

    /// Windows of the random part, by themselves and as a slug has them, whatever became of upper case.
    private func expectNone(of body: String, in text: String, _ comment: Comment) {
        let haystack = text.lowercased()
        let plain = body.lowercased()
        for needle in [plain, plain.filter { $0.isLetter || $0.isNumber }] {
            for start in stride(from: 0, through: needle.utf8.count - 10, by: 5) {
                let window = String(needle.dropFirst(start).prefix(10))
                #expect(strstr(haystack, window) == nil, comment)
            }
        }
    }

    private static func line(_ line: String, with token: String, _ part: Part) -> String {
        let indent = line.prefix { $0 == " " || $0 == "-" }
        let rest = line.dropFirst(indent.count)
        let colon =
            rest.firstRange(of: ": ")?.lowerBound ?? (rest.hasSuffix(":") ? rest.index(before: rest.endIndex) : nil)
        let key = colon.map { rest[..<$0] }
        switch part {
        case .key: return "\(indent)\"\(token)\"" + (colon.map { String(rest[$0...]) } ?? "")
        case .value: return "\(indent)\(key.map { "\($0): " } ?? "")\(token)"
        case .quotedValue: return "\(indent)\(key.map { "\($0): " } ?? "")'\(token)'"
        case .nameInValue: return "\(indent)\(key.map { "\($0): " } ?? "")\"a \(token) b\""
        case .comment: return "\(line) # \(token)"
        case .escapedKey: return "\(indent)\"\(escaped(token))\"" + (colon.map { String(rest[$0...]) } ?? "")
        case .escapedValue: return "\(indent)\(key.map { "\($0): " } ?? "")\"\(escaped(token))\""
        case .joinedValue:
            let half = token.index(token.startIndex, offsetBy: token.count / 2)
            let deeper = String(repeating: " ", count: indent.count + 2)
            return "\(indent)\(key.map { "\($0): " } ?? "")\"\(token[..<half])\\\n\(deeper)\(token[half...])\""
        }
    }

    /// Every fifth character as YAML may write it, in each of the ways.
    private static func escaped(_ token: String) -> String {
        token.utf8.enumerated().map { index, byte in
            let hex = String(byte, radix: 16)
            guard index.isMultiple(of: 5) else { return String(decoding: [byte], as: UTF8.self) }
            switch index / 5 % 3 {
            case 0: return "\\x\(hex)"
            case 1: return "\\u00\(hex)"
            default: return "\\U000000\(hex)"
            }
        }.joined()
    }

    // MARK: What is made of a name

    /// The path of a document, of one that can't be read, and of one beside the roots.
    @Test(arguments: shapes.filter { !$0.contains(" ") && !$0.contains("/") }) func noPathShowsAToken(_ shape: String) {
        let parts = shape.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let token = parts.joined()
        var tree = SourceTree(
            revision: "r",
            files: [
                SourceFile(path: Paths.environments, text: "environments: {}\n"),
                SourceFile(path: "ssot/\(token).yaml", text: "see: ssot/missing.yaml\n"),
                SourceFile(path: "ssot/integrations/\(token)/a.json", text: "{"),
                SourceFile(path: "ssot/b.yaml", content: .unreadable(reason: "it is a symbolic link to \(token)")),
                SourceFile(path: "infra/cloudflare/\(token).records.yaml", text: "records: ["),
            ], branches: .none)
        tree.listing = PathListing(tree.files.map(\.path))
        let state = readDesiredState(tree)
        expectNone(of: parts[1], in: "\(state) \(evaluateGates(tree, GateInputs()))", "\(shape)")
        #expect(state.diagnostics.count { $0.code == "SSOT-0300" } == 2)
        #expect(state.documents.count == 4)
    }

    /// The branch and the labels of a pull request, whoever wrote them.
    @Test(arguments: shapes.filter { !$0.contains(" ") && !$0.contains("//") })
    func noPullRequestShowsAToken(_ shape: String) throws {
        let parts = shape.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let token = parts.joined()
        let pull = PullRequest(
            number: 7, head: "feature/\(token)", headCommit: String(repeating: "1", count: 40), base: "main",
            labels: [token], updatedAt: Timestamp(seconds: 0))
        var tree = SourceTree(
            revision: "r",
            files: [
                SourceFile(path: Paths.environments, text: "environments: {}\ntiers: {preview: {}}\n"),
                SourceFile(path: Paths.policies, text: "previews: {allow: [{head: 'feature/*'}]}\n"),
            ], branches: .known([]))
        tree.pullRequests = PullRequestListing(open: [pull])
        let state = readDesiredState(tree)
        expectNone(of: parts[1], in: "\(state)", "\(shape)")
        #expect(state.environments.map(\.slug) == ["pr-7"], "\(state.diagnostics)")
        #expect(state.diagnostics.map(\.code) == ["SSOT-0300"])
    }

    /// Tokens of which a slug, lower case and without their signs, still is the token.
    @Test(arguments: shapes) func noSuggestionIsMadeOfAToken(_ shape: String) throws {
        let parts = shape.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let token = parts.joined()
        let documents = [
            Paths.environments:
                "environments: {\"\(token)\": {tier: dev, branch: b}, lab: {tier: dev, branch: \"\(token)\"}}\n",
            Paths.policies: "branch_mappings: [{pattern: '**', tier: dev}]\n",
        ]
        let state = read(documents, branches: branches("b", token))
        expectNone(of: parts[1], in: "\(state)", "\(shape)")
        #expect(state.diagnostics.contains { $0.code == "SSOT-0300" })
        // No environment has gone only because its name isn't read any more.
        #expect(state.unknown.contains { $0.extent == .environments })
    }

    /// A branch is named by whoever may push, and its name becomes a host, a database and a tag.
    @Test(arguments: shapes.filter { !$0.contains(" ") }) func noEnvironmentIsMadeOfAToken(_ shape: String) throws {
        let parts = shape.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let documents = [
            Paths.environments: "environments: {}\n",
            Paths.policies: "branch_mappings: [{pattern: '**', tier: dev}]\n",
        ]
        let state = read(documents, branches: branches("feature/a", parts.joined()))
        expectNone(of: parts[1], in: "\(state)", "\(shape)")
        #expect(state.environments.map(\.slug) == ["feature-a"])
        #expect(state.keptScopes == ["environments"] && state.scopes == [])
        #expect(state.diagnostics.map(\.code) == ["SSOT-0300"])
    }

    /// What is wanted of it is unknown, and is not wanted with something else in its place.
    @Test func whatHoldsATokenIsLeftAlone() throws {
        let token = "key-" + "4f9a1c7e3b8d2056af1e9c3b7d5f2a80"
        let inventory = """
            droplets:
              - {name: a, region: sgp1, size: s-1vcpu-1gb, image: debian-12-x64, tags: [\(token)]}
              - {name: \(token), region: sgp1, size: s-1vcpu-1gb, image: debian-12-x64}
            """
        let state = read([Paths.inventory: inventory])
        #expect(state.resources.map(\.key.description) == [])
        #expect(state.covers(ResourceKey(ResourceKind("digitalocean.droplet"), "a"), of: nil))
        #expect(state.covers(ResourceKey(ResourceKind("digitalocean.droplet"), token), of: nil))
        expectNone(of: String(token.dropFirst(4)), in: "\(state)", "\(token)")
    }

    // MARK: What has no shape

    /// A password below a key that nobody reads, and one in the place of a reference.
    @Test(arguments: [
        ("environments: {lab: {tier: dev, x_smtp: {password: \"Tr0ub4|dor&3xyz\"}}}", "1:53"),
        ("environments: {lab: {tier: dev}}\nsmtp_password: Tr0ub4|dor-3xyz", "2:16"),
        ("environments: {lab: {tier: dev, smtpPass: Tr0ub4|dor3xyz}}", "1:43"),
    ]) func aPasswordIsToldAndNotShown(_ text: String, _ place: String) {
        let state = read([Paths.environments: text.replacing("|", with: "") + "\n"])
        #expect(
            state.diagnostics.filter { $0.code == "SSOT-0300" }.map { $0.mark?.description } == [
                "\(Paths.environments):\(place)"
            ])
        expectNone(of: "tr0ub4dor", in: "\(state)", "\(text)")
    }

    /// A file in UTF-16 is refused as such, and what stands in it is told at its place all the same.
    @Test(arguments: [(false, true), (true, true), (false, false)])
    func aTokenInUTF16IsTold(_ isBig: Bool, _ hasMark: Bool) {
        let token = "ghp_" + "Q7mV2xK9pR4tW6yB8nD3fH5jL1sZ0c"
        let units = (hasMark ? [0xFEFF] : []) + Array("environments: {}\n# é \(token)\n".utf16)
        let bytes = units.flatMap { unit -> [UInt8] in
            let (high, low) = (UInt8(truncatingIfNeeded: unit >> 8), UInt8(truncatingIfNeeded: unit))
            return isBig ? [high, low] : [low, high]
        }
        let tree = SourceTree(
            revision: "r", files: [SourceFile(path: Paths.environments, content: .bytes(bytes))], branches: .none)
        let state = readDesiredState(tree)
        #expect(
            state.diagnostics.map { "\($0.code) \($0.mark?.description ?? "")" } == [
                "FMT-0001 \(Paths.environments):1:1", "SSOT-0300 \(Paths.environments):2:5",
            ])
        expectNone(of: String(token.dropFirst(4)), in: "\(state)", "\(token)")
    }
}
