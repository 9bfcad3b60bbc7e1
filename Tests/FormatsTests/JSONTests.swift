import Basics
import Formats
import Testing

/// Values of every shape, the same for the same seed.
struct RandomValues {
    private var random: RandomSource

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    mutating func value(depth: Int = 0) -> Value {
        switch Int.random(in: 0..<(depth > 5 ? 6 : 9), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
        case 3: return .number(number())
        case 4, 5: return .string(text())
        case 6, 7: return .list((0..<count()).map { _ in value(depth: depth + 1) })
        default:
            var object = Value.Object()
            for _ in 0..<count() { object[text()] = value(depth: depth + 1) }
            return .object(object)
        }
    }

    private mutating func count() -> Int {
        Int.random(in: 0..<20, using: &random) == 0 ? 60 : Int.random(in: 0..<6, using: &random)
    }

    private mutating func number() -> String {
        [
            "0.1", "-0.0", "1e400", "18446744073709551615", "123456789012345678901234567890", "2.50",
            "-9223372036854775809",
        ]
        .randomElement(using: &random) ?? "0.5"
    }

    private mutating func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<24, using: &random) {
            let range: ClosedRange<UInt32> =
                [0x20...0x7E, 0x00...0x1F, 0x20...0x7E, 0xA0...0x2FF, 0x4E00...0x4F00, 0x1_F600...0x1_F64F]
                .randomElement(using: &random) ?? 0x20...0x7E
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.append(scalar) }
        }
        return String(text)
    }
}

@Suite struct JSONTests {
    @Test(arguments: UInt64(0)..<100) func whatIsWrittenIsReadBack(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let value = values.value()
        #expect(try JSON.parse(JSON.write(value)) == value)
        #expect(try JSON.parse(JSON.write(value, pretty: true)) == value)
        #expect(try JSON.parse(JSON.canonical(value)).digest == value.digest)
    }

    private static let exact: [(String, Value)] = [
        ("null", Value.null), (" true ", true), ("\u{FEFF}false", false), ("0", 0), ("-0", 0), ("-1", -1),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .number("9223372036854775808")),
        ("-9223372036854775809", .number("-9223372036854775809")),
        ("18446744073709551616", .number("18446744073709551616")), ("1.10", .number("1.10")), ("1e3", .number("1e3")),
        ("-0.0E-7", .number("-0.0E-7")), (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (#""\u00e9\u20AC\ud83d\ude00""#, "é€😀"), (#""\u0000""#, "\0"), ("[]", []), ("[ ]", []), ("{}", .object([:])),
        (#"[1,[2,{"a":[]}],"x"]"#, [1, [2, .object(["a": []])], "x"]),
        (#"{"b":1,"a":{"b":2}}"#, .object(["b": 1, "a": .object(["b": 2])])),
        (#"{"\u0061":1,"a\n":2}"#, .object(["a": 1, "a\n": 2])),
    ]

    @Test(arguments: exact) func aValueIsReadExactly(text: String, value: Value) throws {
        #expect(try JSON.parse(text) == value)
    }

    private static let faults: [(String, String, Int)] = [
        ("", "FMT-0101", 0), ("  \n", "FMT-0101", 0), ("{", "FMT-0101", 0), ("[1,", "FMT-0101", 3),
        ("[1 2]", "FMT-0101", 3),
        ("[1,]", "FMT-0101", 3), ("{\"a\"}", "FMT-0101", 4), ("{\"a\":}", "FMT-0101", 5), ("{\"a\":1,}", "FMT-0101", 7),
        ("{a:1}", "FMT-0101", 1), ("{1:1}", "FMT-0101", 1), ("[1]]", "FMT-0101", 3), ("[}", "FMT-0101", 1),
        ("01", "FMT-0101", 0),
        ("1.", "FMT-0101", 0), (".5", "FMT-0101", 0), ("+1", "FMT-0101", 0), ("-", "FMT-0101", 0),
        ("1e", "FMT-0101", 0),
        ("0x1", "FMT-0101", 0), ("[1a]", "FMT-0101", 1), ("tru", "FMT-0101", 0), ("truee", "FMT-0101", 0),
        ("NaN", "FMT-0101", 0),
        ("\"a", "FMT-0101", 0), ("[\"a\nb\"]", "FMT-0101", 3), (#""\x""#, "FMT-0101", 1), (#""\u12""#, "FMT-0101", 1),
        (#""\ud800""#, "FMT-0102", 1), (#""\ud800\u0041""#, "FMT-0102", 1), (#""\udc00""#, "FMT-0102", 1),
        ("\"a\"\"b\"", "FMT-0101", 3), ("1\"a\"", "FMT-0101", 0), (#"{"a":1,"a":2}"#, "FMT-0103", 7),
        (#"{"a":1,"\u0061":2}"#, "FMT-0103", 7),
        ("{\"é\":1,\"e\u{301}\":2}", "FMT-0103", 8), ("[1] //", "FMT-0101", 4), (#"\"a\""#, "FMT-0101", 0),
    ]

    @Test(arguments: faults) func aFaultNamesItsByte(text: String, code: String, offset: Int) {
        let fault = #expect(throws: JSONFault.self) { try JSON.parse(text) }
        #expect(fault?.code == code)
        #expect(fault?.offset == offset, "\(fault?.message ?? "")")
    }

    @Test func whatIsNoUTF8IsRefusedWithItsPlace() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ] {
            let fault = #expect(throws: JSONFault.self) { try JSON.parse(bytes) }
            #expect(fault?.code == "FMT-0102")
            #expect(fault?.offset == 1)
        }
        let fault = #expect(throws: JSONFault.self) { try JSON.parse("{\n  \"a\": 1,\n  \"é\": x}") }
        #expect(fault?.place == "byte 20, line 3, column 8")
    }

    @Test func depthAndSizeAreBounded() throws {
        func nested(_ count: Int) -> String {
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        #expect(try JSON.parse(nested(128)).listValue != nil)
        #expect(throws: JSONFault.self) { try JSON.parse(nested(129)) }
        #expect(throws: JSONFault.self) { try JSON.parse(String(repeating: "[", count: 1_000_000)) }
        let fault = #expect(throws: JSONFault.self) { try JSON.parse("[1,2,3]", limits: JSONLimits(maximumBytes: 4)) }
        #expect(fault?.code == "FMT-0104")
    }

    @Test func aRepeatedNameIsFoundAmongMany() throws {
        let names = (0..<500).map { "\"name\($0)\":\($0)" }
        #expect(try JSON.parse("{\(names.joined(separator: ","))}").objectValue?.members.count == 500)
        let fault = #expect(throws: JSONFault.self) {
            try JSON.parse("{\(names.joined(separator: ",")),\"name7\":1}")
        }
        #expect(fault?.code == "FMT-0103")
        #expect(fault?.message.contains("byte 71, line 1, column 72") == true, "\(fault?.message ?? "")")
    }

    @Test(arguments: UInt64(0)..<40) func damagedTextNeverCrashes(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var values = RandomValues(seed: seed)
        let bytes = Array(JSON.write(.list((0..<10).map { _ in values.value() })).utf8)
        for _ in 0..<50 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                guard let index = damaged.indices.randomElement(using: &random) else { break }
                switch Int.random(in: 0..<4, using: &random) {
                case 0: damaged[index] = UInt8.random(in: 0...255, using: &random)
                case 1: damaged.removeSubrange(index...)
                case 2: damaged.insert(Array("{}[]\",:\\u0-.e".utf8).randomElement(using: &random) ?? 0, at: index)
                default: damaged.remove(at: index)
                }
            }
            guard let value = try? JSON.parse(damaged) else { continue }
            #expect(try JSON.parse(JSON.write(value)) == value)
        }
    }

    @Test func theTextIsWrittenAsItShouldBe() {
        let value: Value = .object([
            "b": [1, .null, .number("2.50")], "a": "x\u{1}\u{7F}\"é\n", "e": .object([:]), "l": [],
        ])
        #expect(value.json == #"{"b":[1,null,2.50],"a":"x\u0001\u007f\"é\n","e":{},"l":[]}"#)
        #expect(
            String(decoding: JSON.canonical(value), as: UTF8.self)
                == #"{"a":"x\u0001\u007f\"é\n","b":[1,null,2.50],"e":{},"l":[]}"#)
        #expect(
            JSON.write(.object(["a": [1, true], "b": .object([:])]), pretty: true)
                == "{\n  \"a\": [\n    1,\n    true\n  ],\n  \"b\": {}\n}\n")
        #expect(Value.number(".inf").json == "\".inf\"")
        #expect(
            Value.object(["é": 1, "z": 2, "e\u{301}z": 3]).digest
                == Value.object(["z": 2, "e\u{301}z": 3, "é": 1]).digest)
        #expect(
            Value.object([:]).digest.description
                == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    }
}

@Suite struct JSONViewTests {
    private static let page = """
        {"droplets": [{"id": 3164444, "name": "example.com", "locked": false, "size": {"slug": "s-1vcpu-1gb", "price": 6.50},
          "tags": [], "vpc": null, "e\\u0073c": "a\\tb"}, {"id": "x", "name": 7}], "links": {}, "meta": {"total": 2}}
        """

    /// Plain bytes are passed over eight at a time, and the one that ends them may stand anywhere among these.
    @Test(arguments: 0..<20) func aByteIsEscapedWhereverItStands(place: Int) throws {
        for byte in UInt8(0)..<0x80 {
            for around in ["a", "\u{E9}", "\u{7E}", "!", "\u{1F600}"] {
                let text =
                    String(repeating: around, count: place) + String(UnicodeScalar(byte))
                    + String(repeating: around, count: 20 - place)
                let json = JSON.write(.string(text))
                #expect(try JSON.parse(json) == .string(text), "\(json)")
                let isPlain = byte >= 0x20 && byte != 0x22 && byte != 0x5C && byte != 0x7F
                #expect(json.contains("\\") == !isPlain && json.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(json)")
            }
        }
    }

    @Test func aMemberIsAddedWithoutALookForItsName() {
        var object = Value.Object()
        object.reserveCapacity(2)
        object.append("b", 1)
        object.append("a", [])
        #expect(Value.object(object) == ["b": 1, "a": []])
    }

    @Test func fieldsAreReadWithoutBuildingTheRest() throws {
        let page = try JSONDocument(text: Self.page).root
        let droplets = Array(try #require(page["droplets"].items))
        #expect(droplets.count == 2)
        let droplet = droplets[0]
        #expect(droplet["id"].int == 3_164_444)
        #expect(droplet["name"].string == "example.com")
        #expect(droplet["name"].holds("example.com"))
        #expect(!droplet["name"].holds("example.co"))
        #expect(droplet["locked"].bool == false)
        #expect(droplet["size"]["slug"].string == "s-1vcpu-1gb")
        #expect(droplet["size"]["price"].numberText == "6.50")
        #expect(droplet["size"]["price"].int == nil)
        #expect(droplet["esc"].string == "a\tb")
        #expect(droplet["esc"].holds("a\tb"))
        #expect(droplet["tags"].items.map { Array($0).isEmpty } == true)
        #expect(droplet["tags"].count == 0)
        #expect(droplet["vpc"].isNull)
        #expect(droplet["vpc"].exists)
        #expect(page["links"]["pages"]["next"].string == nil)
        #expect(!page["links"]["pages"].exists)
        #expect(!page["links"]["pages"].isNull)
        #expect(page["links"]["pages"].isMissingOrNull)
        #expect(page["nothing"].items == nil)
        #expect(page["droplets"][1]["name"].int == 7)
        #expect(!page["droplets"][2].exists)
        #expect(!page["droplets"][-1].exists)
        #expect(page["meta"].value == .object(["total": 2]))
        #expect(page.members?.map(\.name) == ["droplets", "links", "meta"])
        #expect(page["droplets"].kind == .list)
        #expect(page["x"].kind == .missing)
    }

    @Test(arguments: UInt64(0)..<20) func everyViewAgreesWithTheValue(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let value: Value = .list((0..<8).map { _ in values.value() })
        func check(_ view: JSONView, _ value: Value) {
            #expect(view.value == value)
            switch value {
            case .list(let items):
                let views = view.items.map { Array($0) } ?? []
                #expect(views.count == items.count)
                for (view, item) in zip(views, items) { check(view, item) }
            case .object(let object): for member in object.members { check(view[member.name], member.value) }
            case .string(let text): #expect(view.holds(text))
            case .int(let int): #expect(view.int == int)
            default: break
            }
        }
        check(try JSONDocument(text: value.json).root, value)
    }
}
