import Testing

@Suite struct SourceRulesTests {
    @Test func everyPublicTypeRequirementAndFunctionIsDocumented() throws {
        let files = try SourceFile.all(under: "Sources")
        let requirements = Set(files.flatMap(\.requirements))
        #expect(requirements.contains("observe"))
        let missing = files.flatMap { $0.undocumented(fulfilling: requirements) }
        #expect(missing.isEmpty, "\(missing.count) without a doc comment:\n\(missing.joined(separator: "\n"))")
    }

    @Test func theDocumentationRuleSeesWhatItShould() {
        let file = SourceFile(
            path: "f",
            lines: [
                "public struct A {", "    /// Said.", "    @inlinable", "    public func said() {}",
                "    public static func unsaid<T>(_ t: T) {}",
                "    public static func < (a: A, b: A) -> Bool { true }", "    func inner() {}", "}",
                "public protocol P {",
                "    var x: Int { get }", "    /// Said.", "    func said()", "}", "public final class C {}",
                "struct Hidden {}",
            ])
        #expect(
            file.undocumented(fulfilling: []).map { $0.prefix { $0 != " " } } == [
                "f:1:", "f:5:", "f:9:", "f:10:", "f:14:",
            ])
        #expect(file.undocumented(fulfilling: ["unsaid"]).count == 4)
        #expect(file.requirements == ["said"])
    }

    @Test func noFileIsTooLongToReadAtOnce() throws {
        for file in try SourceFile.all(under: "Sources") {
            #expect(file.lines.count <= 500, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// There is one function for it, `of(_:_:)`: by hand one place in three was forgotten.
    @Test func nobodyAddsThePluralByHand() throws {
        for file in try SourceFile.all(under: "Sources") where !file.path.hasPrefix("Sources/Basics/Counting") {
            for (index, line) in file.lines.enumerated() {
                let isByHand = [#"== 1 ? "" : "s""#, #"== 1 ? "s" : """#].contains { line.contains($0) }
                // The attributes of a draft are listed, and not counted.
                #expect(!isByHand || line.contains("names(attributes)"), "\(file.path):\(index + 1)")
            }
        }
    }

    @Test func programsEndWithoutTakingDownWhatThreadsStillUse() throws {
        for file in try SourceFile.all(under: "Sources") {
            for (index, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                // A function of that name, or a member, is another one.
                let words = line.split { !($0.isLetter || $0.isNumber || "_.(".contains($0)) }
                guard
                    words.contains(where: {
                        $0.hasPrefix("exit(") || $0.contains("(exit(") || $0.hasPrefix("Glibc.exit(")
                    }),
                    !line.contains("func exit("), file.path != "Sources/Client/ServiceConnection.swift"
                else { continue }
                Issue.record("\(file.path):\(index + 1): write ProcessEnvironment.end instead of exit")
            }
        }
    }

    @Test func noFileKnowsTheMachineItWasWrittenOn() throws {
        // Written in pieces, so that this file does not find itself.
        let places = ["/" + "work/", "/" + "tmp/wt", "/" + "root/", "/" + "home/"]
        for file in try SourceFile.all(under: "Sources", "Tests", "Benchmarks") {
            for (index, line) in file.lines.enumerated() {
                for place in places where line.contains(place) {
                    Issue.record("\(file.path):\(index + 1): the path \(place) is of one machine")
                }
            }
        }
    }

    /// A test that lacks what it needs is skipped (`.enabled(if:)`, `Test.cancel`): one that just ends looks as if it had
    /// passed.
    @Test func noTestPassesForWantOfWhatItNeeds() throws {
        let needs = ["Shell.has", "sharedDirectory", "corpusDirectory", "corpusBundle", "Server.shared", "isInstalled"]
        // Written in pieces, so that this file does not find itself.
        let end = "else { " + "return }"
        for file in try SourceFile.all(under: "Tests") where file.path.hasSuffix("Tests.swift") {
            for (index, line) in file.lines.enumerated() where line.contains(end) {
                guard let need = needs.first(where: { line.contains($0) }) else { continue }
                Issue.record("\(file.path):\(index + 1): without \(need) the test ends as if it had passed")
            }
        }
    }

    @Test func testsAreWrittenInSwiftTesting() throws {
        for file in try SourceFile.all(under: "Tests") {
            #expect(!file.imports.contains { $0.module == "XCTest" }, "\(file.path)")
        }
    }
}
