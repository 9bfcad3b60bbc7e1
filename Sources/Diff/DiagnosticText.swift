public import Basics

/// Diagnostics as people read them: place, code, message, the line with a caret, and what to do.
public enum DiagnosticText {
    /// One diagnostic, under it the text of the line that its mark names where that is at hand.
    public static func render(_ diagnostic: Diagnostic, sourceLine: String? = nil, style: TextStyle) -> String {
        "\(diagnostic.severity.rawValue)[\(diagnostic.code)]: \(diagnostic.message)\n"
    }
}
