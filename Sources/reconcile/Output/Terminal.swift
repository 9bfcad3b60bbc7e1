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
        isJSON = arguments.has("json")
        isQuiet = arguments.has("quiet")
        let choice = arguments.value("color") ?? "auto"
        func wantsColor(_ descriptor: CInt) -> Bool {
            switch choice {
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

    /// Prints a result for people; nothing with `--json` or `--quiet`.
    func print(_ text: String) {
        guard !isJSON, !isQuiet else { return }
        StandardStreams.output(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Prints the result for programs.
    func json(_ value: Value) { StandardStreams.output(JSON.write(value, pretty: true) + "\n") }

    /// Prints a fault: code and sentence, place, and what to do.
    func fault(_ fault: any Fault) {
        var text = errorPaint.red("error") + errorPaint.bold(" \(fault.code)") + ": \(fault.message)\n"
        if let place = fault.place { text += "  at \(place)\n" }
        if let hint = fault.hint { text += "  \(hint)\n" }
        StandardStreams.error(text)
    }

    /// Prints a remark to standard error.
    func remark(_ text: String) {
        guard !isQuiet else { return }
        StandardStreams.error(text + "\n")
    }
}
