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
        paint = Paint(color, isTerminal: StandardStreams.isTerminal(1), environment: environment)
        errorPaint = Paint(color, isTerminal: StandardStreams.isTerminal(2), environment: environment)
        width = environment["COLUMNS"].flatMap(Int.init) ?? StandardStreams.columns(1)
    }

    /// The columns into which running text is fitted; nil where no terminal reads it.
    var fittingWidth: Int? { StandardStreams.isTerminal(1) ? max(20, width) : nil }

    var style: TextStyle { TextStyle(color: paint.isOn, width: max(60, min(width, 160))) }

    /// Prints a result for people; nothing with `--json` or `--quiet`, and then it isn't even written.
    func print(_ text: @autoclosure () -> String) {
        guard !isJSON, !isQuiet else { return }
        // Names of branches and what people wrote stand in it.
        let text = Paint.unturned(text())
        raw(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Prints what was asked for and nothing else, whatever was said of the form.
    func raw(_ text: String) { ResultOutput.write(text) }

    /// Prints the result for programs.
    func json(_ value: Value) { raw(JSON.write(value, pretty: true)) }

    /// Prints a fault: code and sentence, place, and what to do.
    func fault(_ fault: any Fault, word: String? = nil) {
        StandardStreams.error(errorPaint.fault(fault, word: word ?? (fault is Refusal ? "refused" : "error")))
    }

    /// Prints a remark to standard error.
    func remark(_ text: String) {
        guard !isQuiet else { return }
        StandardStreams.error(Paint.unturned(text) + "\n")
    }
}
