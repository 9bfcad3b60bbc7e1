import Basics
import Formats
import Reconciler
import TestKit
import Testing

@Suite("Help and reference")
struct HelpTests {
    @Test("The help of every command is as it was agreed on")
    func helpTexts() async throws {
        let program = await Program.run(["--help"], in: "/")
        #expect(program.status == 0 && program.error.isEmpty)
        expectGolden(program.output, "reconcile.txt")
        for name in try await CommandTests.commandNames() + ["env", "policy", "secrets"] {
            let help = await Program.run(["help"] + name.split(separator: " ").map(String.init), in: "/")
            #expect(help.status == 0 && help.error.isEmpty, "\(help.story)")
            expectGolden(help.output, name.replacing(" ", "-") + ".txt")
            let flag = await Program.run(name.split(separator: " ").map(String.init) + ["--help"], in: "/")
            #expect(flag.output == help.output, "\(name)")
        }
    }

    @Test("The manual page names every command, and the shells are told of them")
    func manual() async throws {
        let page = await Program.run(["man"], in: "/").output
        #expect(page.hasPrefix(".TH RECONCILE 1") && page.contains("odooops(1)"))
        let bash = await Program.run(["completion", "bash"], in: "/").output
        let zsh = await Program.run(["completion", "zsh"], in: "/").output
        for name in try await CommandTests.commandNames() {
            #expect(page.contains("reconcile \(name.replacing("-", with: "\\-"))"), "\(name)")
            let last = name.split(separator: " ").last.map(String.init) ?? ""
            #expect(bash.contains(last) && zsh.contains("\(last):"), "\(name)")
        }
        #expect(await Program.run(["completion", "fish"], in: "/").status == 64)
    }

    @Test("docs/commands.md describes every command with every option, and nothing else")
    func commandsAreDocumented() async throws {
        let text = String(decoding: try FileSystem.read("\(Places.packageRoot)/docs/commands.md"), as: UTF8.self)
        var sections: [String: String] = [:]
        var name: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## `reconcile") {
                name = String(line.drop { $0 != "`" }.dropFirst().prefix { $0 != "`" })
            } else if line.hasPrefix("## ") {
                name = nil
            }
            if let name { sections[name, default: ""] += line + "\n" }
        }
        let names = try await CommandTests.commandNames().map { "reconcile \($0)" } + ["reconcile"]
        #expect(Set(sections.keys) == Set(names), "\(Set(sections.keys).symmetricDifference(names).sorted())")
        for name in names {
            let words = name.split(separator: " ").dropFirst().map(String.init)
            let help = await Program.run(["help"] + words + ["--json"], in: "/")
            for option in help.json?["options"]?.listValue ?? [] {
                let flag = option["name"]?.stringValue ?? ""
                #expect(sections[name]?.contains("`\(flag)") == true, "\(name): \(flag) is not documented")
            }
        }
        let common = await Program.run(["help", "--json"], in: "/").json?["common_options"]?.listValue ?? []
        for option in common { #expect(text.contains("`\(option["name"]?.stringValue ?? "")")) }
    }

    @Test("docs/configuration.md lists every key with its variable and its flag, and nothing else")
    func keysAreDocumented() throws {
        let text = String(decoding: try FileSystem.read("\(Places.packageRoot)/docs/configuration.md"), as: UTF8.self)
        var rows: [String: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            rows[String(line.dropFirst(3).prefix { $0 != "`" })] = String(line)
        }
        #expect(Set(rows.keys) == Set(ConfigurationReader.keys.map(\.key)))
        for key in ConfigurationReader.keys {
            let row = try #require(rows[key.key], "\(key.key)")
            if let variable = key.variable { #expect(row.contains("`\(variable)`"), "\(row)") }
            if let flag = key.flag { #expect(row.contains("`--\(flag)`"), "\(row)") }
            #expect(row.contains(key.fallback), "\(row) should say \(key.fallback)")
        }
    }
}
