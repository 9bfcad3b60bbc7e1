extension Value {
    /// A text, or null.
    public static func text(_ text: String?) -> Value { text.map { .string($0) } ?? .null }

    /// A count, or null.
    public static func count(_ count: Int?) -> Value { count.map { .int(Int64($0)) } ?? .null }
}
