import Basics
import TestKit
import Testing

/// Every stable code has a page under docs/errors, and every page is about a code that the program gives.
@Suite struct ErrorCodeTests {
    private static let directory = "\(Places.packageRoot)/docs/errors"
    /// Only seen by the programs that test a driver.
    private static let unpublished: Set<String> = ["HTTP-0000"]

    @Test func everyCodeHasAPageAndEveryPageACode() throws {
        let codes = try Self.codes()
        let pages = try Self.pages()
        #expect(codes.count > 200)
        #expect(codes.subtracting(pages.keys).sorted() == [], "write docs/errors/CODE.md for these")
        #expect(Set(pages.keys).subtracting(codes).sorted() == [], "nothing gives these codes")
    }

    @Test func everyPageSaysWhatWhyAndWhatToDo() throws {
        for (code, text) in try Self.pages().sorted(by: { $0.key < $1.key }) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.first?.hasPrefix("# \(code): ") == true, "\(code) has no title")
            let headings = lines.filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
            #expect(headings == ["What it says", "Why", "Example", "Remedy"], "\(code)")
            var parts: [Substring: Int] = [:]
            var heading: Substring = ""
            for line in lines {
                if line.hasPrefix("## ") { heading = line } else if !line.isEmpty { parts[heading, default: 0] += 1 }
                if heading == "## Remedy", line.contains("`") { parts["remedy", default: 0] += 1 }
            }
            #expect(headings.allSatisfy { parts["## \($0)"] != nil }, "\(code) has an empty section")
            #expect(parts["remedy"] != nil, "\(code) names neither a command nor what to write")
            #expect(text.contains("```text\n"), "\(code) shows no message")
        }
    }

    /// A page whose message was taken from the code by hand falls behind when the words there change.
    @Test func everyMessageHoldsWordsOfTheProgram() throws {
        var windows: [SIMD2<UInt64>: Set<String>] = [:]
        for (code, text) in try Self.pages() {
            guard let start = text.firstRange(of: "```text\n"),
                let end = text[start.upperBound...].firstRange(of: "\n```")
            else { continue }
            Self.eachWindow(Array(text[start.upperBound..<end.lowerBound].utf8)) {
                windows[$0, default: []].insert(code)
            }
        }
        var missing = Set(try Self.pages().keys)
        for file in try SourceFile.all(under: "Sources") {
            for line in file.lines where line.utf8.contains(UInt8(ascii: "\"")) {
                Self.eachWindow(Array(line.utf8)) { window in
                    if let codes = windows[window] { missing.subtract(codes) }
                }
            }
        }
        #expect(missing.sorted() == [], "no text of the program holds any sixteen letters of these messages")
    }

    /// `UPDATE_GOLDENS=1` writes docs/errors/README.md anew.
    @Test func theIndexListsEveryPage() throws {
        var groups: [String: [(code: String, title: String)]] = [:]
        for (code, text) in try Self.pages() {
            let title = text.prefix { $0 != "\n" }.dropFirst("# \(code): ".count)
            groups[String(code.prefix { $0 != "-" }), default: []].append((code, String(title)))
        }
        var index = """
            # Codes

            Each diagnostic and each fault of `reconcile` has a code that never changes its meaning. A page says what the
            message means, why it comes, shows an example with the message as it is printed, and says what to do. Examples
            of documents are held by a test: they stand in a repository with the branches `main`, `feature/a` and
            `release/1`, on 1 July 2026.

            """
        for (group, rows) in groups.sorted(by: { $0.key < $1.key }) {
            index += "\n## \(group)\n\n\(Self.abouts[group] ?? "")\n\n| code | what it is |\n|---|---|\n"
            for row in rows.sorted(by: { $0.code < $1.code }) {
                index += "| [\(row.code)](\(row.code).md) | \(row.title) |\n"
            }
        }
        #expect(Set(groups.keys).subtracting(Self.abouts.keys).sorted() == [], "say what these groups are about")
        let path = "\(Self.directory)/README.md"
        if ProcessEnvironment.variables()["UPDATE_GOLDENS"] == "1" { try FileSystem.write(index.utf8, to: path) }
        #expect(String(decoding: try FileSystem.read(path), as: UTF8.self) == index, "UPDATE_GOLDENS=1 writes it anew")
    }

    /// What each group of codes is about.
    private static let abouts = [
        "ACCESS": "Who may do what, at the console and the API.", "API": "Requests to the API.",
        "CLI": "The people's client: `odooops`.",
        "CONF": "The configuration: exit status 78.", "DO": "DigitalOcean's API.",
        "DOCKER": "A Docker engine.",
        "EVID": "Evidence, and the chain of it.", "FILE": "Files of this machine.",
        "FMT": "The form of YAML and JSON files.",
        "GATE":
            "Policy gates: `reconcile gates`. An error is a violation; a warning leaves the gate unknown, or is a remark.",
        "GH": "GitHub's API.", "GIT": "Reading repositories.", "HTTP": "Requests to providers.",
        "HOOK": "Deliveries of providers' hooks.", "JOB": "What runs by the clock.", "MG": "Mailgun's API.",
        "NOTICE": "Messages to people.",
        "PL": "Plane's API.",
        "POSTGRES": "A PostgreSQL server whose databases and roles are wanted.",
        "PLAN": "Guards of the plan, and saved plans.", "PROVIDER": "Providers without a driver that can act.",
        "RUN": "Passes and their steps.", "SIM": "The provider simulator.", "SL": "Slack's API.",
        "SPACES": "Buckets, at DigitalOcean or another server of S3.",
        "SSOT": "The desired state: `reconcile validate`.", "STORE": "The store, in SQLite or PostgreSQL.",
        "SB": "Supabase's API.", "VC": "Vercel's API.",
        "USAGE": "The command line: exit status 64.", "WEB": "The service's own server.",
    ]

    // MARK: Reading

    private static func pages() throws -> [String: String] {
        var pages: [String: String] = [:]
        for name in Places.files(under: directory, endingWith: ".md") where name != "README.md" {
            pages[String(name.dropLast(3))] = String(
                decoding: try FileSystem.read("\(directory)/\(name)"), as: UTF8.self)
        }
        return pages
    }

    /// The texts of the program that are a code and nothing else.
    private static func codes() throws -> Set<String> {
        var codes: Set<String> = []
        for file in try SourceFile.all(under: "Sources") {
            for line in file.lines where line.utf8.contains(UInt8(ascii: "-")) {
                for part in line.split(separator: "\"", omittingEmptySubsequences: false) where isCode(part) {
                    codes.insert(String(part))
                }
            }
        }
        return codes.subtracting(unpublished)
    }

    private static func isCode(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && (2...12).contains(parts[0].utf8.count) && parts[1].utf8.count == 4
            && parts[0].utf8.allSatisfy { (65...90).contains($0) }
            && parts[1].utf8.allSatisfy { (48...57).contains($0) }
    }

    /// Every sixteen bytes in a row.
    private static func eachWindow(_ bytes: [UInt8], _ body: (SIMD2<UInt64>) -> Void) {
        var window = SIMD2<UInt64>(0, 0)
        for (index, byte) in bytes.enumerated() {
            window[0] = window[0] << 8 | window[1] >> 56
            window[1] = window[1] << 8 | UInt64(byte)
            if index >= 15 { body(window) }
        }
    }
}
