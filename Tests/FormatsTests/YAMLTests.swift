import Basics
import Formats
import Testing

private func parse(_ text: String, limits: YAMLLimits = .standard) -> YAMLDocument {
    YAML.parse(Array(text.utf8), file: "f.yaml", limits: limits)
}

@Suite struct YAMLTests {
    private static let scalars: [(String, Value)] = [
        ("null", .null), ("~", .null), ("Null", .null), ("nUll", "nUll"), ("true", true), ("True", true),
        ("FALSE", false),
        ("tRue", "tRue"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("2026-03-06", "2026-03-06"),
        ("2026-03-06T00:00:00Z", "2026-03-06T00:00:00Z"), ("0", 0), ("-0", 0), ("+12", 12), ("007", 7), ("0o17", 15),
        ("0x1F", 31),
        ("0o18", "0o18"), ("0x", "0x"), ("-0x1F", "-0x1F"), ("1_000", "1_000"), ("12:30:45", "12:30:45"),
        ("9223372036854775807", .int(.max)), ("9223372036854775808", .number("9223372036854775808")),
        ("0xFFFFFFFFFFFFFFFFF", .number("0xFFFFFFFFFFFFFFFFF")), ("1.50", .number("1.50")), ("+.5", .number("0.5")),
        ("-1.", .number("-1.0")), ("00.5", .number("0.5")), ("1e3", .number("1e3")), ("1.e-3", .number("1.0e-3")),
        ("1.2.3", "1.2.3"), ("1e", "1e"), (".", "."), ("-", "-x"), ("+", "+"), ("e3", "e3"), (".inf", .number(".inf")),
        ("-.INF", .number("-.INF")), (".nan", .number(".nan")), ("-.nan", "-.nan"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("\"7\"", "7"), ("'true'", "true"), ("\"a\\tb\\u00e9\"", "a\tbé"), ("|\n  a\n  b\n", "a\nb\n"),
        (">-\n  a\n  b\n", "a b"),
    ]

    @Test(arguments: scalars) func aScalarMeansWhatTheCoreSchemaSays(text: String, value: Value) {
        let text = text == "-" ? "-x" : text
        let document = parse("a: \(text)")
        #expect(document.root?["a"]?.value.value == value)
        #expect(document.diagnostics.isEmpty)
    }

    @Test func everyValueAndKeyKnowsItsPlace() throws {
        let document = parse("# über\nä: {ö: [1, zwei], 7: x}\nlist:\n- a\n-   b: c\n    \"d\":\n")
        let root = try #require(document.root)
        #expect(document.isSound)
        let first = try #require(root["ä"])
        #expect((first.keyLine, first.keyColumn) == (2, 1))
        let list = try #require(first.value["ö"])
        #expect((list.keyLine, list.keyColumn) == (2, 5))
        #expect(
            list.value.items?.map { Node.Position(line: $0.line, column: $0.column) } == [
                .init(line: 2, column: 9), .init(line: 2, column: 12),
            ])
        #expect(first.value["7"]?.value.value == "x")
        let items = try #require(root["list"]?.value.items)
        #expect((items[0].line, items[0].column) == (4, 3))
        #expect((items[1].line, items[1].column) == (5, 5))
        #expect(items[1]["d"]?.value.value == .null)
        #expect(items[1]["d"]?.keyMark(in: "f").description == "f:6:5")
        #expect(document.nodeCount == 17)
        #expect(parse("\u{FEFF}a: 1").root?["a"]?.keyColumn == 1)
    }

    @Test func aRepeatedKeyMakesItsEntryAmbiguousAndNamesBothPlaces() throws {
        let document = parse("a: 1\nb: {x: 1, x: 2}\na: 2\nc: 3\na: 3\n")
        let root = try #require(document.root)
        #expect(!document.isSound)
        #expect(root.entries?.map(\.key) == ["a", "b", "c"])
        let entry = try #require(root["a"])
        #expect(entry.isAmbiguous)
        #expect(entry.value.value == 1)
        #expect(entry.duplicates.map(\.position) == [.init(line: 3, column: 1), .init(line: 5, column: 1)])
        #expect(root["c"]?.isAmbiguous == false)
        #expect(
            document.diagnostics.map {
                "\($0.code) \($0.mark?.description ?? "") \($0.notes.first?.mark?.description ?? "")"
            } == [
                "FMT-0003 f.yaml:2:11 f.yaml:2:5", "FMT-0003 f.yaml:3:1 f.yaml:1:1", "FMT-0003 f.yaml:5:1 f.yaml:1:1",
            ])
        let many = (0..<100).map { "k\($0): \($0)\n" }.joined()
        #expect(parse(many).diagnostics.isEmpty)
        #expect(parse(many + "k42: x\n").diagnostics.first?.notes.first?.mark?.line == 43)
    }

    /// Long and short texts, keys of every length, large mappings, and nesting: written as JSON, which is YAML.
    @Test(arguments: UInt64(0)..<40) func aRandomTreeComesBackAsItWasWritten(seed: UInt64) {
        let random = RandomSource(seed: seed)
        func text() -> String {
            let words = [
                "a", "7", "true", "~", "-", "word", "some words: and a # sign", "ü", "日本", "🙂", "\n", "\"", "\\",
            ]
            return (0..<random.next() % 6).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined()
        }
        func value(_ depth: Int) -> Value {
            switch random.next() % (depth > 5 ? 4 : 7) {
            case 0: return .null
            case 1: return .bool(random.next().isMultiple(of: 2))
            case 2: return .int(Int64(truncatingIfNeeded: random.next()))
            case 3: return .string(text())
            case 4: return .list((0..<random.next() % 5).map { _ in value(depth + 1) })
            default:
                // Now and then more entries than are searched one by one.
                let count = depth == 1 && random.next().isMultiple(of: 3) ? 150 : random.next() % 6
                return .object(
                    Value.Object(
                        (0..<count).map { number in
                            let name = String(repeating: "k", count: Int(random.next() % 20)) + "\(number)." + text()
                            return Value.Object.Member(name, value(depth + 1))
                        }))
            }
        }
        let wanted = Value.object(["a": value(1), "b": value(1), "c": value(1)])
        let document = parse(JSON.write(wanted))
        #expect(document.root?.value == wanted)
        #expect(document.diagnostics.isEmpty)
    }

    @Test(arguments: [0, 1, 70]) func keysAreTheSameByWhatTheySayAndNotByTheirBytes(others: Int) {
        let many = (0..<others).map { "k\($0): \($0)\n" }.joined()
        let document = parse(many + "é: 1\nf: 2\ne\u{301}: 3\n")
        #expect(document.diagnostics.map(\.code) == ["FMT-0003"])
        #expect(document.root?.entries?.count == others + 2)
        #expect(document.root?["f"]?.value.value == 2)
    }

    private static let faults: [(String, String, Int, Int, String)] = [
        ("hosts:\n  - *.openai.azure.com\n", "FMT-0002", 2, 5, "quote it"),
        ("a:\n  - x\n  - y\n  b: c\n", "FMT-0002", 4, 3, "one level"),
        ("a:\n\tb: 1\n", "FMT-0002", 2, 1, "spaces"),
        ("a:\n  b: 1\n \tc: 1\n", "FMT-0002", 3, 2, "spaces"),
        ("a: @x\n", "FMT-0002", 1, 4, "quote it"), ("a: `x`\n", "FMT-0002", 1, 4, "quote it"),
        ("a: %x\n", "FMT-0002", 1, 4, "quote it"),
        ("a: b: c\n", "FMT-0002", 1, 5, "quote"), ("a: [1, 2\nb: 3\n", "FMT-0002", 2, 2, "']'"),
        ("a: {x: 1\n", "FMT-0002", 2, 1, "'}'"),
        ("a: \"x\n", "FMT-0002", 2, 1, "closing quote"), ("a: 'x' y\n", "FMT-0002", 1, 8, "closing quote"),
        ("a: 1\n- b\n", "FMT-0002", 2, 1, "list"),
        ("a: \"\\q\"\n", "FMT-0002", 1, 5, "backslash"), ("a: 1\nb\n", "FMT-0002", 3, 1, "colon"),
        (": 1\n", "FMT-0002", 1, 1, "write the key"), ("a: &x 1\nb: *x\n", "FMT-0004", 1, 4, "write the value out"),
        ("b: *x\n", "FMT-0004", 1, 4, "quotes"),
        ("a: !!str 1\n", "FMT-0005", 1, 4, "remove the tag"), ("a: !x {b: 1}\n", "FMT-0005", 1, 4, "remove"),
        ("a:\n  <<: {x: 1}\n", "FMT-0006", 2, 3, "merged"), ("a: 1\n---\nb: 1\n", "FMT-0007", 2, 1, "file of its own"),
        ("{{ x }}: 1\n", "FMT-0010", 1, 2, "quote"), ("a: {{ x }}\n", "FMT-0010", 1, 5, "quote"),
        ("? [a]\n: b\n", "FMT-0010", 1, 3, "quote"),
        ("? \n: x\n", "FMT-0010", 1, 2, "write the key"), ("a: x\u{1}\n", "FMT-0001", 1, 5, "escape"),
        ("a: b\nc: \0\n", "FMT-0001", 2, 4, "escape"),
        ("a:\n  - b\n    - c\n", "FMT-0011", 3, 5, "column"), ("a:\n- b\n  -\n", "FMT-0011", 3, 3, "column"),
        ("%YAML 3.0\n---\na: 1\n", "FMT-0002", 1, 1, ""),
    ]

    @Test(arguments: faults)
    func aFaultOfTheWholeFileNamesItsPlaceAndTheRemedy(text: String, code: String, line: Int, column: Int, hint: String)
    {
        let document = parse(text)
        #expect(document.root == nil)
        let diagnostic = document.diagnostics.first
        #expect(diagnostic?.severity == .error)
        #expect(diagnostic?.code == code)
        #expect(
            diagnostic?.mark == SourceMark(file: "f.yaml", line: line, column: column), "\(diagnostic?.message ?? "")")
        #expect(hint.isEmpty || diagnostic?.hint?.contains(hint) == true, "\(diagnostic?.hint ?? "")")
    }

    @Test func allRefusedThingsAreNamedAtOnce() {
        let document = parse("a: &x [1]\nb: *x\nc: !t y\nd: *x\n")
        #expect(document.diagnostics.map { $0.mark?.line } == [1, 2, 3, 4])
        #expect(document.aliasCount == 3)
    }

    @Test func anAliasBombCostsNothing() {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<30 {
            bomb += "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ","))]\n"
        }
        let document = parse(bomb)
        #expect(document.root == nil)
        #expect(document.nodeCount < 400)
        #expect(document.diagnostics.count <= 51)
    }

    @Test func bytesThatAreNoTextAreRefusedWithTheirPlace() {
        let cases: [([UInt8], Int, Int, String)] = [
            (Array("a: ü\nb: ".utf8) + [0xFF], 2, 4, "UTF-8"), ([0x61, 0x3A, 0x20, 0xC3], 1, 4, "UTF-8"),
            (Array("a: ".utf8) + [0xED, 0xA0, 0x80], 1, 4, "UTF-8"), ([0xFF, 0xFE, 0x61, 0], 1, 1, "UTF-16"),
            ([0xFE, 0xFF, 0, 0x61], 1, 1, "UTF-16"),
            // What is no text is told first, wherever reading stopped.
            (Array("a: 1\n---\nb: ".utf8) + [0xFF], 3, 4, "UTF-8"), (Array("a: [\n- \u{1}".utf8), 2, 3, "control"),
        ]
        for (bytes, line, column, word) in cases {
            let document = YAML.parse(bytes, file: "f")
            #expect(document.root == nil)
            #expect(document.diagnostics.map(\.code) == ["FMT-0001"])
            #expect(document.diagnostics.first?.mark == SourceMark(file: "f", line: line, column: column))
            #expect(document.diagnostics.first?.message.contains(word) == true)
        }
    }

    @Test func anEmptyFileIsAWarning() {
        for text in ["", "\n", "# nothing\n", "\u{FEFF}", "---\n...\n"] {
            let document = parse(text)
            if text.hasPrefix("---") {
                #expect(document.root?.value == .null)
            } else {
                #expect(document.root == nil)
                #expect(document.diagnostics.map(\.code) == ["FMT-0009"])
                #expect(document.diagnostics.first?.severity == .warning)
            }
        }
    }

    @Test func sizeDepthAndCountAreBounded() {
        let large = YAML.parse([UInt8](repeating: UInt8(ascii: "a"), count: 50 << 20), file: "big.yaml")
        #expect(large.root == nil)
        #expect(large.diagnostics.first?.message == "the file has 52428800 bytes; at most 8388608 are read")
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(parse(nested(64)).isSound)
        #expect(parse(nested(65)).diagnostics.map(\.code) == ["FMT-0008"])
        #expect(parse(String(repeating: "[", count: 100_000)).diagnostics.map(\.code) == ["FMT-0008"])
        #expect(parse(String(repeating: "- ", count: 100_000)).diagnostics.map(\.code) == ["FMT-0008"])
        #expect(parse(String(repeating: "{a: ", count: 100_000)).diagnostics.map(\.code) == ["FMT-0008"])
        #expect(parse("[1,2,3]", limits: YAMLLimits(maximumNodes: 3)).diagnostics.map(\.code) == ["FMT-0008"])
        #expect(parse("[1,2]", limits: YAMLLimits(maximumNodes: 3)).isSound)
    }

    @Test func aMessageNeverHoldsASecret() {
        let token = "ghp_" + String(repeating: "aB3", count: 12)
        for text in [
            "\(token): 1\n\(token): 2\n", "a: \(token): x\n", "password: hunter2: x\n", "- *\(token)\n",
            "token: @\(token)\n",
        ] {
            let shown = parse(text).diagnostics.map { "\($0.message) \($0.hint ?? "") \($0.notes.map(\.message))" }
                .joined()
            #expect(!shown.isEmpty)
            #expect(!shown.contains("aB3"))
            #expect(!shown.contains("hunter2"))
        }
    }

    private static let base = """
        # a comment
        schema: ssot.v1
        droplets:
          - name: odoo-production
            tags: [project:ipai, "owner:odoo"]
            size: {slug: s-2vcpu-4gb, price: 24.0}
          - {name: 'it''s', note: "tab\\t\\u00e9"}
        text: |
          über
            more
        folded: >-
          one
          two
        empty:
        "quoted key": ~

        """

    @Test(arguments: UInt64(0)..<60) func damagedTextNeverCrashesAndIsExplained(seed: UInt64) {
        var random = RandomSource(seed: seed)
        let base = Array(Self.base.utf8)
        let pieces = [
            "[", "{", "\t", "- ", ": ", "&a ", "*a", "!", "|", ">", "\"", "'", "\n", "#", "%", "---\n", "? ", "\u{85}",
            "\u{2028}",
        ]
        for _ in 0..<60 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                guard let index = bytes.indices.randomElement(using: &random) else { break }
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(index...)
                case 2: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: index)
                case 3:
                    bytes.insert(
                        contentsOf: String(repeating: pieces.randomElement(using: &random) ?? "", count: 200).utf8,
                        at: index)
                default: bytes.remove(at: index)
                }
            }
            let document = YAML.parse(bytes, file: "f")
            #expect(document.root != nil || !document.diagnostics.isEmpty)
            for diagnostic in document.diagnostics {
                #expect((diagnostic.mark?.line ?? 0) > 0 && (diagnostic.mark?.column ?? 0) > 0)
            }
            if let root = document.root { #expect(root.value.json.utf8.count > 0) }
        }
    }
}
