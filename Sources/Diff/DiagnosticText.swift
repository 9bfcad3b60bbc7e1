public import Basics

/// Diagnostics as people read them: place, code, message, the line with a caret, and what to do.
public enum DiagnosticText {
    /// One diagnostic.
    ///
    /// - Parameters:
    ///   - sourceLine: the text of the line that its mark names, without the newline; nil where it is not at hand.
    public static func render(_ diagnostic: Diagnostic, sourceLine: String? = nil, style: TextStyle) -> String {
        "\(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(diagnostic.message)\n"
    }
}
