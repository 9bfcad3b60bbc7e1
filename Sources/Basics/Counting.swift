extension BinaryInteger {
    /// The number with its thing, as people say it: `1 run`, `2 runs`, `0 runs`.
    ///
    /// - Parameters:
    ///   - thing: what there is one of, with its verb where it has one: `resource differs`.
    ///   - plural: what there are several of; where nothing is said, the thing with an s.
    /// - Returns: the number and the word that fits it.
    public func of(_ thing: String, _ plural: String? = nil) -> String {
        "\(self) \(self == 1 ? thing : plural ?? thing + "s")"
    }
}
