import Basics
import TestKit
import Testing

/// What a page refers to is there, so that nobody who reads ends nowhere.
@Suite struct LinkTests {
    @Test func everyLinkOfAPageLeadsToAFileAndItsHeading() throws {
        let pages = Places.files(under: Places.packageRoot, endingWith: ".md")
        var texts: [String: String] = [:]
        for page in pages {
            texts[page] = String(decoding: try FileSystem.read("\(Places.packageRoot)/\(page)"), as: UTF8.self)
        }
        var dangling: [String] = []
        var count = 0
        for page in pages {
            for link in Self.links(of: texts[page] ?? "") where !link.contains(":") {
                count += 1
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                let target = parts[0].isEmpty ? page : Self.resolve(parts[0], from: page)
                guard FileSystem.exists("\(Places.packageRoot)/\(target)") else {
                    dangling.append("\(page): \(link)")
                    continue
                }
                if parts.count > 1, let text = texts[target], !Self.anchors(of: text).contains(parts[1]) {
                    dangling.append("\(page): \(link) has no such heading")
                }
            }
        }
        #expect(count > 400)
        #expect(dangling == [])
    }

    /// What stands in `[…](…)`.
    private static func links(of text: String) -> [String] {
        text.split(separator: "](").dropFirst().compactMap { rest in
            rest.firstIndex(of: ")").map { String(rest[..<$0]) }
        }
    }

    private static func resolve(_ link: String, from page: String) -> String {
        var folders = page.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { _ = folders.popLast() } else { folders.append(String(part)) }
        }
        return folders.joined(separator: "/")
    }

    /// The names that a code host gives to headings.
    private static func anchors(of text: String) -> Set<String> {
        var anchors: Set<String> = []
        var isCode = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode, line.hasPrefix("#") else { continue }
            let title = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
            anchors.insert(
                String(
                    title.compactMap { character -> Character? in
                        if character == " " { return "-" }
                        return character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
                    }))
        }
        return anchors
    }
}
