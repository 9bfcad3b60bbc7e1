import Basics
import TestKit
import Testing

/// A hint names the next command: somebody types it at night, so it has to be one that the program takes.
///
/// What there is, is read from the help that `HelpTests` keeps true.
@Suite struct CommandMentionTests {
    private struct Command {
        /// Those that must be there.
        var positionals: [String] = []
        var mayHaveMore = false
        /// By name, whether it takes a value.
        var options: [String: Bool] = [:]
    }

    /// Without these the command refuses, though its form allows it.
    private static let required = ["env extend": ["days"], "access key add": ["role"]]
    /// What only looks like a command.
    private static let prose: Set<String> = [
        "at a time", "now", "apply",
        // The example of what somebody mistyped.
        "valdate",
    ]

    private static func table() throws -> [String: Command] {
        let directory = "\(Places.packageRoot)/Tests/CommandLineTests/Goldens"
        // What packages call, and no list of commands shows.
        var table = ["man": Command(), "completion": Command(positionals: ["SHELL"])]
        for file in Places.files(under: directory, endingWith: ".txt") {
            let text = String(decoding: try FileSystem.read("\(directory)/\(file)"), as: UTF8.self)
            var command = Command()
            var name: [String] = []
            for line in text.split(separator: "\n") {
                if line.hasPrefix("Usage: reconcile") {
                    for word in line.split(separator: " ").dropFirst(2).map(String.init) where word != "[options]" {
                        if word.utf8.allSatisfy({ (97...122).contains($0) || $0 == 45 }) {
                            name.append(word)
                        } else if word.hasPrefix("[") || word.hasSuffix("…") {
                            command.mayHaveMore = true
                        } else {
                            command.positionals.append(word)
                        }
                    }
                } else if line.hasPrefix("  --") {
                    let words = line.dropFirst(4).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
                    command.options[String(words[0])] = words.count > 1 && words[1].first != " "
                }
            }
            // The help of a group, such as `policy`, is that of no command.
            if !text.contains(" COMMAND [options]\n") { table[name.joined(separator: " ")] = command }
        }
        return table
    }

    /// What is wrong with a mention; nil where nothing is.
    private static func problem(_ mention: Mention, _ table: [String: Command]) -> String? {
        // A sample in the place of a name says nothing.
        if prose.contains(mention.text) || mention.words.first == "x" { return nil }
        if mention.isQuoted, table.keys.contains(where: { $0.hasPrefix(mention.text + " ") }) { return nil }
        var words = mention.words[...]
        let length = (1...3).last { table[words.prefix($0).joined(separator: " ")] != nil && words.count >= $0 }
        guard let length, let command = table[words.prefix(length).joined(separator: " ")] else {
            return words.dropFirst().first == "x" || mention.goesOn ? nil : "there is no such command"
        }
        let name = words.prefix(length).joined(separator: " ")
        words = words.dropFirst(length)
        if words.isEmpty, mention.isQuoted { return nil }
        var (count, seen): (Int, Set<String>) = (0, [])
        while let word = words.popFirst() {
            if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1)
                let option = parts.first.map(String.init) ?? ""
                guard let takesValue = command.options[option] else { return "it has no option --\(option)" }
                seen.insert(option)
                if takesValue, parts.count < 2, words.popFirst() == nil, !mention.goesOn {
                    return "--\(option) has no value"
                }
            } else if count < command.positionals.count || command.mayHaveMore {
                count += 1
            } else {
                break
            }
        }
        if mention.goesOn { return nil }
        if count < command.positionals.count { return "\(command.positionals[count]) is missing" }
        return required[name]?.first { !seen.contains($0) }.map { "--\($0) is missing" }
    }

    @Test func everyCommandThatIsNamedCanBeTyped() throws {
        let table = try Self.table()
        #expect(table.count > 50 && table["env extend"]?.positionals == ["NAME"])
        #expect(table["env extend"]?.options["days"] == true && table["env extend"]?.options["json"] == false)
        var count = 0
        // The client has beginnings of commands, to say them in its own words.
        let others = ["Sources/Simulator/", "Sources/Client/ServiceConnection.swift"]
        for file in try SourceFile.all(under: "Sources") where !others.contains(where: file.path.hasPrefix) {
            for (index, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for mention in Mention.all(in: String(line)) {
                    count += 1
                    let problem = Self.problem(mention, table)
                    #expect(problem == nil, "\(file.path):\(index + 1): reconcile \(mention.text)")
                }
            }
        }
        let docs = "\(Places.packageRoot)/docs"
        for path in Places.files(under: docs, endingWith: ".md") {
            let text = String(decoding: try FileSystem.read("\(docs)/\(path)"), as: UTF8.self)
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                // Prose may say that something can't reconcile; commands stand in backticks or behind a prompt.
                let spans = line.split(separator: "`", omittingEmptySubsequences: false)
                let shown =
                    line.hasPrefix("$ ")
                    ? [String(line.dropFirst(2))]
                    : spans.indices.filter { $0 % 2 == 1 }.map { index in
                        // What has no end here goes on in the next line.
                        "`\(spans[index])\(index + 1 < spans.count ? "`" : "⏎")"
                    }
                for mention in shown.flatMap({ Mention.all(in: $0) }) {
                    count += 1
                    let problem = Self.problem(mention, table)
                    #expect(problem == nil, "docs/\(path):\(index + 1): reconcile \(mention.text)")
                }
            }
        }
        #expect(count > 500)
    }

    @Test(arguments: [
        ("reconcile policy show", false), ("reconcile policy check production", true),
        ("reconcile show --verify", false),
        ("reconcile show latest --verify", true), ("reconcile audit --verify", false),
        ("reconcile audit verify", true), ("`reconcile env extend`", true), ("Run: reconcile env extend", false),
        (#"reconcile env extend \(name(of: row)) --days \(days)"#, true), ("reconcile env extend a", false),
        (#"reconcile env pin demo --until 2026-12-24 --reason "shown to them""#, true),
        ("reconcile access key add NAME", false), ("reconcile findings --everything", false),
    ])
    func whatCannotBeTypedIsFound(text: String, isRight: Bool) throws {
        let mention = try #require(Mention.all(in: text).first)
        #expect((Self.problem(mention, try Self.table()) == nil) == isRight)
    }
}

/// One place at which a text names a command.
private struct Mention {
    /// What stands behind `reconcile`.
    let text: String
    let words: [String]
    /// Whether the words stand in backticks alone: then they are the command's name.
    let isQuoted: Bool
    /// Whether the rest stands in the next line.
    let goesOn: Bool

    static func all(in line: String) -> [Mention] {
        var mentions: [Mention] = []
        var rest = filled(line)[...]
        var before: Character = " "
        while let range = rest.firstRange(of: "reconcile ") {
            before = rest[..<range.lowerBound].last ?? before
            rest = rest[range.upperBound...]
            if !before.isLetter, !"./_-".contains(before), rest.first?.isLowercase == true {
                mentions.append(Mention(rest, isQuoted: before == "`"))
            }
            before = " "
        }
        return mentions
    }

    private init(_ rest: Substring, isQuoted: Bool) {
        var (words, word, quote): ([String], String, Bool) = ([], "", false)
        var end: Character?
        for character in rest {
            if character == "\"" || character == "'" {
                // Within an argument a quote opens a text; anywhere else the literal ends.
                guard quote || word.isEmpty && words.last?.hasPrefix("--") == true else {
                    end = character
                    break
                }
                quote.toggle()
                word += "x"
            } else if quote {
                continue
            } else if "`()\n;|<>#⏎".contains(character) {
                end = character
                break
            } else if character == " " {
                // A sentence ends, or goes on without the command; a dot alone is a directory.
                let stops = word.count > 1 && word.last.map { ",:.".contains($0) } ?? false
                if stops { break }
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        while let last = word.last, word.count > 1, ",:.".contains(last) { word.removeLast() }
        if !word.isEmpty { words.append(word) }
        text = words.joined(separator: " ")
        self.words = words
        self.isQuoted = isQuoted && end == "`"
        goesOn = end == "⏎"
    }

    /// With a sample in the place of each interpolation, and without the backslashes of a literal.
    private static func filled(_ line: String) -> String {
        var (output, rest): (String, Substring) = ("", line[...])
        while let character = rest.popFirst() {
            guard character == "\\" else {
                output.append(character)
                continue
            }
            guard rest.first == "(" else {
                if rest.first == "n" {
                    rest.removeFirst()
                    output.append("\n")
                }
                continue
            }
            var depth = 0
            while let inner = rest.popFirst() {
                depth += inner == "(" ? 1 : inner == ")" ? -1 : 0
                if depth == 0 { break }
            }
            output += "x"
        }
        return output
    }
}
