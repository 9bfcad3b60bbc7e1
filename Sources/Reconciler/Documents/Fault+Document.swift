public import Basics
public import Formats

extension Fault {
    /// Code, message, place and hint as JSON, for the store and for programs.
    public var value: Value {
        .object([
            "code": .string(code), "message": .string(message), "place": place.map { .string($0) } ?? .null,
            "hint": hint.map { .string($0) } ?? .null,
        ])
    }
}
