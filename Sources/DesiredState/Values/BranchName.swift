/// What git takes for the name of a branch or tag.
enum BranchName {
    /// Why git refuses a name, with or without `refs/heads/`, as in `holds ..`; nil where it takes it.
    ///
    /// A pattern may hold what stands for other characters.
    static func flaw(in name: String, isPattern: Bool = false) -> String? {
        if name.isEmpty { return "is empty" }
        for scalar in name.unicodeScalars {
            if scalar == " " { return "holds a space" }
            if scalar.value < 32 || scalar.value == 127 { return "holds a control character" }
            if (isPattern ? "~:" : "~^:?*[\\").unicodeScalars.contains(scalar) { return "holds `\(scalar)`" }
        }
        for part in ["..", "@{", "//"] where name.contains(part) { return "holds `\(part)`" }
        if name == "@" || name == "HEAD" { return "means another one" }
        if name.hasPrefix("/") || !isPattern && name.hasPrefix("-") { return "begins with `\(name.prefix(1))`" }
        if name.hasSuffix("/") || name.hasSuffix(".") { return "ends with `\(name.suffix(1))`" }
        for part in name.split(separator: "/") {
            if part.hasPrefix(".") { return "has a part that begins with `.`" }
            if part.hasSuffix(".lock") { return "has a part that ends with `.lock`" }
        }
        return nil
    }
}
