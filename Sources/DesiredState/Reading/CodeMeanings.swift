/// What the codes of diagnostics stand for.
public enum DiagnosticCodes {
    /// One sentence; nil for a code that no diagnostic has.
    public static func meaning(of code: String) -> String? {
        Code(rawValue: code)?.meaning ?? GateCode(rawValue: code)?.meaning ?? formats[code]
    }

    private static let formats = [
        "FMT-0001": "A YAML file is not UTF-8, or holds a character that YAML doesn't allow.",
        "FMT-0002": "A YAML file has a syntax error.",
        "FMT-0003": "A key stands twice in one mapping.",
        "FMT-0004": "An anchor or alias stands in a YAML file.",
        "FMT-0005": "A tag stands in a YAML file.",
        "FMT-0006": "A merge key stands in a YAML file.",
        "FMT-0007": "A YAML file holds more than one document.",
        "FMT-0008": "A YAML file is larger, deeper or has more values than is read.",
        "FMT-0009": "A YAML file holds no document.",
        "FMT-0010": "A key of a mapping is missing, or is no text.",
        "FMT-0011": "An item of a list has slid into the text of the item before it.",
        "FMT-0101": "A JSON document has a syntax error.",
        "FMT-0102": "A JSON document is not valid UTF-8.",
        "FMT-0103": "A name stands twice in one JSON object.",
        "FMT-0104": "A JSON document is larger or deeper than is read.",
    ]
}
