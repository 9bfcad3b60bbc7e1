import Basics
import TestKit
import Testing

/// The table of codes on a provider's page and the codes of its driver are the same, and no cell is left empty; each attribute
/// that its kinds have is named there.
@Suite struct ProviderTableTests {
    private static let pages = ["digitalocean", "docker", "postgres", "spaces", "supabase", "vercel"]

    @Test(arguments: pages)
    func tableAndDriverAgree(page: String) throws {
        var codes: Set<String> = []
        for file in try Self.sources(of: page) {
            for line in file.lines {
                for part in line.split(separator: "\"", omittingEmptySubsequences: false) where Self.isCode(part) {
                    codes.insert(String(part))
                }
            }
        }
        #expect(codes.count > 10)
        let path = "\(Places.packageRoot)/docs/providers/\(page).md"
        let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
        var rows: [String: [String]] = [:]
        var columns = 0
        for line in text.split(separator: "\n") where line.hasPrefix("|") {
            let cells = Self.cells(line)
            if cells.first == "code" { columns = cells.count }
            guard let code = cells.first?.split(separator: "`").first.map(String.init), Self.isCode(Substring(code))
            else { continue }
            #expect(rows.updateValue(cells, forKey: code) == nil, "\(code) stands twice")
        }
        #expect(Set(rows.keys) == codes)
        for (code, cells) in rows {
            #expect(cells.count == columns && !cells.contains(""), "\(code): \(cells)")
        }
    }

    /// Pages without pages of single codes have to say why, and what to do, in the table.
    @Test(arguments: ["supabase", "vercel"])
    func tableSaysWhatWhyAndWhatToDo(page: String) throws {
        let text = try FileSystem.read("\(Places.packageRoot)/docs/providers/\(page).md")
        #expect(String(decoding: text, as: UTF8.self).contains("| code | what it says | why | remedy |"))
    }

    /// What can be wanted of a kind, and what is shown of it, is written as `name` on the page.
    @Test(arguments: pages + ["github", "mailgun", "plane", "slack"])
    func pageNamesEveryAttribute(page: String) throws {
        var names: Set<String> = []
        for file in try Self.sources(of: page) where file.path.contains("Kinds") {
            names.formUnion(Self.attributes(in: file.lines.joined(separator: "\n")))
        }
        #expect(names.count > 1)
        let text = String(
            decoding: try FileSystem.read("\(Places.packageRoot)/docs/providers/\(page).md"), as: UTF8.self)
        let written = Set(text.split(separator: "`", omittingEmptySubsequences: false).map(String.init))
        #expect(names.subtracting(written).sorted() == [])
    }

    /// The names in `AttributeRule("name"`, and in the lists from which rules are made.
    private static func attributes(in text: String) -> Set<String> {
        var names: Set<String> = []
        for (opening, end) in [
            ("AttributeRule(", ","), (".computed([", "]"), ("seen(", "]"), ("observed(", "]"), ("+ [", "]"),
        ] as [(String, Character)] {
            for part in text.split(separator: opening, omittingEmptySubsequences: false).dropFirst() {
                let inner = part.prefix { $0 != end && $0 != ")" }
                let texts = inner.split(separator: "\"", omittingEmptySubsequences: false)
                for index in stride(from: 1, to: texts.count, by: 2) where isAttribute(texts[index]) {
                    names.insert(String(texts[index]))
                }
            }
        }
        return names
    }

    private static func isAttribute(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 46 }
    }

    private static func sources(of page: String) throws -> [SourceFile] {
        let folder = try #require(
            Places.files(under: "\(Places.packageRoot)/Sources/Drivers", endingWith: ".swift")
                .compactMap { $0.split(separator: "/").first }.first { $0.lowercased() == page })
        return try SourceFile.all(under: "Sources/Drivers/\(folder)")
    }

    private static func cells(_ line: Substring) -> [String] {
        line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
            $0.split(separator: " ").joined(separator: " ")
        }
    }

    private static func isCode(_ text: Substring) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].utf8.count == 4 && (2...9).contains(parts[0].utf8.count)
            && parts[0].utf8.allSatisfy { (65...90).contains($0) }
            && parts[1].utf8.allSatisfy { (48...57).contains($0) }
    }
}
