public import Basics
import Formats
public import HTTPClient

/// All that the client has of the world around it.
public struct Surroundings: Sendable {
    public var environment: [String: String]
    public var output: @Sendable (String) -> Void
    /// Whether nobody reads the output any more.
    public var isUnread: @Sendable () -> Bool
    public var errorOutput: @Sendable (String) -> Void
    /// Whether a standard stream, 0 to 2, is a terminal.
    public var isTerminal: @Sendable (CInt) -> Bool
    /// Columns of the terminal.
    public var columns: @Sendable () -> Int
    /// A line of standard input; with true one that the terminal doesn't show.
    public var readLine: @Sendable (_ isSecret: Bool) -> String?
    public var transport: any HTTPTransport
    public var time: any TimeSource
    /// The key of a write.
    public var newKey: @Sendable () -> String
    /// Runs the operator's program, which lies beside this one, with these arguments; nil where there is none.
    public var operate: @Sendable ([String]) async -> ChildOutcome?

    public init(
        environment: [String: String], output: @escaping @Sendable (String) -> Void,
        isUnread: @escaping @Sendable () -> Bool = { false },
        errorOutput: @escaping @Sendable (String) -> Void, isTerminal: @escaping @Sendable (CInt) -> Bool,
        columns: @escaping @Sendable () -> Int, readLine: @escaping @Sendable (_ isSecret: Bool) -> String?,
        transport: any HTTPTransport, time: any TimeSource, newKey: @escaping @Sendable () -> String,
        operate: @escaping @Sendable ([String]) async -> ChildOutcome?
    ) {
        self.environment = environment
        self.output = output
        self.isUnread = isUnread
        self.errorOutput = errorOutput
        self.isTerminal = isTerminal
        self.columns = columns
        self.readLine = readLine
        self.transport = transport
        self.time = time
        self.newKey = newKey
        self.operate = operate
    }
}

/// Where a command writes: results to standard output, everything else to standard error.
struct Screen: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    let paint: Paint
    let errorPaint: Paint
    /// Columns that a line may take; nil where nobody looks at a terminal, and nothing is cut.
    let width: Int?
    /// Whether progress can be drawn.
    let drawsProgress: Bool
    private let surroundings: Surroundings

    init(_ surroundings: Surroundings, isJSON: Bool, isQuiet: Bool, color: String) {
        self.surroundings = surroundings
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        let environment = surroundings.environment
        paint = Paint(color, isTerminal: surroundings.isTerminal(1), environment: environment)
        errorPaint = Paint(color, isTerminal: surroundings.isTerminal(2), environment: environment)
        width = surroundings.isTerminal(1) ? max(20, surroundings.columns()) : nil
        drawsProgress = surroundings.isTerminal(2) && !isQuiet && surroundings.environment["TERM"] != "dumb"
    }

    /// Prints a result for people.
    func print(_ text: String) {
        guard !isJSON, !isQuiet else { return }
        let text = Paint.unturned(text)
        raw(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Prints what was asked for and nothing else, whatever was said of the form.
    func raw(_ text: String) { surroundings.output(text) }

    /// Prints the result for programs.
    func json(_ value: Value) { raw(JSON.write(value, pretty: true)) }

    /// Prints one of many results for programs, on one line.
    func jsonLine(_ value: Value) { raw(JSON.write(value) + "\n") }

    /// Prints a remark.
    func remark(_ text: String) {
        guard !isQuiet else { return }
        surroundings.errorOutput(Paint.unturned(text) + "\n")
    }

    func fault(_ fault: any Fault) {
        let word = (fault as? ClientFault)?.exit == .refused ? "refused" : "error"
        surroundings.errorOutput(errorPaint.fault(fault, word: word))
        guard isJSON else { return }
        let own = ClientFault(fault.code, .usage, fault.message, place: fault.place, hint: fault.hint)
        json(["error": (fault as? ClientFault ?? own).document])
    }

    /// Draws a line over the one before; an empty one takes it away.
    func progress(_ text: String) {
        guard drawsProgress else { return }
        let shown = Table.cut(Paint.plain(text), to: max(10, surroundings.columns() - 1))
        surroundings.errorOutput("\r\u{1B}[K\(shown)")
    }
}
