import Basics
import Diff
import Formats

/// Where a command writes: results to standard output, everything else to standard error.
struct Terminal: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    let paint: Paint
    /// Colours on standard error, where it is another stream.
    let errorPaint: Paint
    let width: Int

    init(_ arguments: ParsedArguments, environment: [String: String]) {
        self.init(
            isJSON: arguments.has("json"), isQuiet: arguments.has("quiet"), color: arguments.value("color") ?? "auto",
            environment: environment)
    }

    init(isJSON: Bool = false, isQuiet: Bool = false, color: String, environment: [String: String]) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        func wantsColor(_ descriptor: CInt) -> Bool {
            switch color {
            case "always": true
            case "never": false
            default:
                StandardStreams.isTerminal(descriptor) && (environment["NO_COLOR"] ?? "").isEmpty
                    && environment["TERM"] != "dumb"
            }
        }
        paint = Paint(isOn: wantsColor(1))
        errorPaint = Paint(isOn: wantsColor(2))
        width = environment["COLUMNS"].flatMap(Int.init) ?? StandardStreams.columns(1)
    }

    var style: TextStyle { TextStyle(color: paint.isOn, width: max(60, min(width, 160))) }

    /// Prints a result for people; nothing with `--json` or `--quiet`, and then it isn't even written.
    func print(_ text: @autoclosure () -> String) {
        guard !isJSON, !isQuiet else { return }
        let text = text()
        StandardStreams.output(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Prints the result for programs.
    func json(_ value: Value) { StandardStreams.output(JSON.write(value, pretty: true) + "\n") }

    /// Prints a fault: code and sentence, place, and what to do.
    func fault(_ fault: any Fault) {
        let word = fault is Refusal ? "refused" : "error"
        var text = errorPaint.red(word) + errorPaint.bold(" \(fault.code)") + ": \(Self.plain(fault.message))\n"
        if let place = fault.place { text += "  at \(Self.plain(place))\n" }
        if let hint = fault.hint { text += "  \(Self.plain(hint))\n" }
        StandardStreams.error(text)
    }

    /// What comes from outside can't move the cursor or change the colours: control characters are shown, not sent.
    private static func plain(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 32 && scalar != "\n" || (127..<160).contains(scalar.value)
            if isControl {
                result.append(
                    contentsOf: (scalar == "\t" ? " " : "\\u{\(String(scalar.value, radix: 16))}").unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Prints a remark to standard error.
    func remark(_ text: String) {
        guard !isQuiet else { return }
        StandardStreams.error(text + "\n")
    }
}
