/// How text for people is laid out.
public struct TextStyle: Sendable, Hashable {
    /// Whether ANSI colours are used.
    public var color: Bool
    /// Columns of the terminal.
    public var width: Int

    public init(color: Bool = false, width: Int = 100) {
        self.color = color
        self.width = width
    }
}
