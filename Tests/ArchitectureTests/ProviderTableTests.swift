import Basics
import TestKit
import Testing

/// The table of codes on a provider's page and the codes of its driver are the same, and no cell is left empty.
@Suite struct ProviderTableTests {
    private static let pages = ["digitalocean", "docker", "postgres", "spaces", "supabase", "vercel"]

    @Test(arguments: pages)
    func tableAndDriverAgree(page: String) throws {
        let folder = try #require(
            Places.files(under: "\(Places.packageRoot)/Sources/Drivers", endingWith: ".swift")
                .compactMap { $0.split(separator: "/").first }.first { $0.lowercased() == page })
        var codes: Set<String> = []
        for file in try SourceFile.all(under: "Sources/Drivers/\(folder)") {
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
