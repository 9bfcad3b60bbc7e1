import Basics
import Formats

/// What is wrong with a part of a request: the sentence, the remedy and the fields that tell it, made in this one place.
struct RequestProblem: ExpressibleByStringInterpolation {
    /// Where it stands.
    enum Part {
        case query, header, body
    }

    /// What it is about; nil: the whole part.
    let name: String?
    /// What is said of it, beginning with its name where it has one: `days has to be from 1 to 365`.
    let text: String
    /// What does what was meant, where that is known.
    private(set) var advice: String?

    /// - Parameters:
    ///   - text: begins with the name of what is wrong, as ``APISchema/problem(_:at:)`` says it.
    ///   - advice: what does what was meant.
    init(_ text: String, advice: String? = nil) {
        self.advice = advice
        // What has no name is said of the whole: ` has to be an object`.
        let isOfWhole = text.hasPrefix(" ")
        self.text = isOfWhole ? String(text.dropFirst()) : text
        let first = text.prefix { $0 != " " }
        let isNamed = [" is ", " has to ", " may ", " holds "].contains { text.dropFirst(first.count).hasPrefix($0) }
        name = isNamed && !isOfWhole ? String(first) : nil
    }

    init(stringLiteral text: String) { self.init(text) }

    private init(ofWhole text: String) {
        name = nil
        self.text = text
    }

    /// A body that is no JSON, with what its reader found.
    static func noJSON(_ reason: String) -> RequestProblem { RequestProblem(ofWhole: "is no JSON: \(reason)") }

    /// A body where none is taken.
    static let notTaken = RequestProblem(ofWhole: "has to be empty: this route takes none")

    /// One sentence that names what is wrong and where it stands.
    func message(of part: Part) -> String {
        guard let name else {
            let isPredicate = ["is ", "has ", "may ", "holds "].contains { text.hasPrefix($0) }
            let noun = part == .body ? "the body" : part == .query ? "the query" : "a header"
            return isPredicate ? "\(noun) \(text)" : "\(noun) is not as the route takes it: \(text)"
        }
        let rest = text.dropFirst(name.count)
        return switch part {
        case .query: "the parameter \(name)\(rest)"
        case .header: "the header \(name)\(rest)"
        case .body:
            rest.hasPrefix(" is missing") ? "the body lacks \(name)" + rest.dropFirst(11) : "\(name) of the body\(rest)"
        }
    }

    /// What to do about it.
    var remedy: String? {
        guard let name else { return nil }
        let rest = text.dropFirst(name.count)
        if rest.hasPrefix(" is missing") { return "Add \(name)." }
        if rest.hasPrefix(" is not known") { return "Correct the name \(name), or leave it out." }
        if rest.hasPrefix(" is given twice") { return "Give \(name) once." }
        return "Correct \(name)."
    }

    /// The same for programs.
    func details(of part: Part) -> Value.Object {
        var details: Value.Object = ["problem": .string(Paint.plain(name == nil ? message(of: part) : text))]
        guard let name else { return details }
        let member = part == .query ? "parameter" : part == .header ? "header" : "member"
        details[member] = .string(Paint.plain(name))
        return details
    }
}
