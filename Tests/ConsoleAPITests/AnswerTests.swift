import Formats
import Testing

@testable import ConsoleAPI

@Suite("What the document promises of answers") struct AnswerTests {
    private static let sample: Value = [
        "environments": ["active": 1], "suspended": 0, "drift": [:], "known_drift": 0, "looked_at": .null,
        "not_compared": 0, "findings": [:],
        "plan": ["run": "r", "approval": "waiting", "needed": 1, "approved": 0, "used": 0],
        "last_run": .null, "hooks_waiting": 0, "next_pass_at": "2026-11-21T10:00:00Z",
    ]

    private static func sample(_ change: (inout Value.Object) -> Void) -> Value {
        var object = sample.objectValue ?? [:]
        change(&object)
        return .object(object)
    }

    private static func plan(_ name: String, _ value: Value?) -> Value {
        var plan = sample["plan"]?.objectValue ?? [:]
        plan[name] = value
        return sample { $0["plan"] = .object(plan) }
    }

    @Test(
        "A member that the document doesn't know, one that is missing, and one of another type are found, however deep",
        arguments: [
            (sample, nil), (sample { $0["plan"] = .null }, nil),
            (sample { $0["more"] = 1 }, "data.more is not known"),
            (sample { $0["suspended"] = nil }, "data.suspended is missing"),
            (plan("more", 1), "data.plan.more is not known"), (plan("used", nil), "data.plan.used is missing"),
            (plan("approval", "maybe"), "data.plan.approval has to be one of"),
            (sample { $0["environments"] = ["active": "one"] }, "data.environments.active has to be a whole number"),
            (sample { $0["last_run"] = [:] }, "data.last_run.id is missing"),
        ] as [(Value, String?)])
    func problems(value: Value, problem: String?) {
        let found = Answer.status.problem(value, at: "data")
        #expect(problem.map { found?.hasPrefix($0) == true } ?? (found == nil), "\(found ?? "nothing")")
    }

    @Test("One of several forms has to fit, and where none does each says why")
    func forms() {
        let forms = APISchema.either([
            .object([.init("type", .choice(["a"]), "a"), .init("of_a", .flag, "a")]),
            .object([.init("type", .choice(["b"]), "b"), .init("of_b", .flag, "b")]),
        ])
        #expect(forms.problem(["type": "b", "of_b": true], at: "data") == nil)
        let problem = forms.problem(["type": "b"], at: "data")
        #expect(problem?.contains("data.of_a is missing") == true, "\(problem ?? "nothing")")
        #expect(problem?.contains("data.of_b is missing") == true, "\(problem ?? "nothing")")
    }

    @Test("Each member of each answer has a line that says what it means, and no open form but a document's own")
    func meanings() async throws {
        for route in try await APIWorld(withKeys: false).api.routes {
            if case .anything = route.answer {
                #expect(route.id == "getOpenAPI", "\(route.id) declares nothing")
            }
            for (path, field) in Self.members(of: route.answer, in: route.id) {
                #expect(!field.about.isEmpty && !field.about.contains("|"), "\(path) has no meaning")
            }
            for (name, schema) in route.answer.namedParts {
                guard case .object(_, let isOpen) = schema else { continue }
                #expect(!isOpen || name == "RunMetadata", "\(name) is open")
            }
        }
    }

    private static func members(of schema: APISchema, in path: String) -> [(String, APISchema.Field)] {
        switch schema {
        case .object(let fields, _):
            fields.flatMap { [("\(path).\($0.name)", $0)] + members(of: $0.schema, in: "\(path).\($0.name)") }
        case .list(let schema, _, _), .map(let schema), .nullable(let schema), .named(_, let schema):
            members(of: schema, in: path)
        case .either(let forms): forms.flatMap { members(of: $0, in: path) }
        default: []
        }
    }

    @Test("Each answer of the OpenAPI document names both media types, and each object that it refers to is there")
    func document() async throws {
        let document = try await APIWorld().send("GET", "/openapi.json").body
        let components = try #require(document["components"])
        var answers = 0
        for path in document["paths"]?.objectValue?.members ?? [] {
            for method in path.value.objectValue?.members ?? [] {
                for response in method.value["responses"]?.objectValue?.members ?? [] {
                    let reference = response.value["$ref"]?.stringValue.flatMap { $0.split(separator: "/").last }
                    let answer = reference.map { components["responses"]?[String($0)] ?? .null } ?? response.value
                    let types = answer["content"]?.objectValue?.members.map(\.name)
                    #expect(
                        types == ["application/json", Envelope.mediaType],
                        "\(path.name) \(method.name) \(response.name)")
                    answers += 1
                }
            }
        }
        #expect(answers > 500)
        let known = Set(components["schemas"]?.objectValue?.members.map(\.name) ?? [])
        let text = JSON.write(document)
        let prefix = "#/components/schemas/"
        for part in text.split(separator: "\"") where part.hasPrefix(prefix) {
            #expect(known.contains(String(part.dropFirst(prefix.utf8.count))), "\(part)")
        }
        #expect(known.isSuperset(of: ["Environment", "Run", "Plan", "Change", "DriftItem", "Finding", "Errors"]))
    }
}
