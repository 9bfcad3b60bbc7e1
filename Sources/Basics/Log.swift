import Glibc

/// Structured logging: a constant message, and data as named values.
///
/// A value typed `Secret` prints as `<secret>`; nothing else that is secret may be given to it.
public struct Log: Sendable {
    /// How much a line matters; a log drops what is below its own level.
    public enum Level: String, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        public static func < (a: Level, b: Level) -> Bool { a.order < b.order }

        private var order: Int {
            switch self {
            case .debug: 0
            case .info: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// How lines look: for people, or one JSON object a line.
    public enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    private let level: Level
    private let format: Format
    private let time: any TimeSource
    private let context: [(String, String)]
    private let write: @Sendable (String) -> Void

    /// A log of all lines from a level on; `write` takes one finished line without its newline.
    public init(
        level: Level = .info, format: Format = .text, time: any TimeSource = SystemTime(),
        write: @escaping @Sendable (String) -> Void = { StandardStreams.error($0 + "\n") }
    ) {
        self.init(level: level, format: format, time: time, context: [], write: write)
    }

    private init(
        level: Level, format: Format, time: any TimeSource, context: [(String, String)],
        write: @escaping @Sendable (String) -> Void
    ) {
        self.level = level
        self.format = format
        self.time = time
        self.context = context
        self.write = write
    }

    /// A log that drops everything.
    public static let none = Log(level: .error, write: { _ in })

    /// The same log with values that every line carries.
    public func with(_ values: KeyValuePairs<String, any CustomStringConvertible>) -> Log {
        Log(
            level: level, format: format, time: time,
            context: context + values.map { ($0.key, $0.value.description) }, write: write)
    }

    /// For finding faults in the program; nobody reads it otherwise.
    public func debug(_ message: StaticString, _ values: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        line(.debug, message, values)
    }

    /// What happens in the normal course.
    public func info(_ message: StaticString, _ values: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        line(.info, message, values)
    }

    /// Something that a person should know of, though the work goes on.
    public func warning(_ message: StaticString, _ values: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        line(.warning, message, values)
    }

    /// Something was not done.
    public func error(_ message: StaticString, _ values: KeyValuePairs<String, any CustomStringConvertible> = [:]) {
        line(.error, message, values)
    }

    private func line(
        _ level: Level, _ message: StaticString, _ values: KeyValuePairs<String, any CustomStringConvertible>
    ) {
        guard level >= self.level else { return }
        let pairs = context + values.map { ($0.key, $0.value.description) }
        let instant = time.now
        switch format {
        case .text:
            let mark =
                switch level {
                case .debug: "debug  "
                case .info: "info   "
                case .warning: "warning"
                case .error: "error  "
                }
            var text = "\(instant) \(mark) \(message)"
            for (name, value) in pairs { text += " \(name)=\(Self.quoteIfNeeded(value))" }
            write(text)
        case .json:
            var text =
                "{\"time\":\"\(instant)\",\"level\":\"\(level.rawValue)\",\"message\":\(Self.quote("\(message)"))"
            for (name, value) in pairs { text += ",\(Self.quote(name)):\(Self.quote(value))" }
            write(text + "}")
        }
    }

    private static func quoteIfNeeded(_ text: String) -> String {
        let plain = !text.isEmpty && text.utf8.allSatisfy { $0 > 32 && $0 != 34 && $0 != 61 && $0 != 127 }
        return plain ? text : quote(text)
    }

    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 32 || scalar.value == 127 {
                    result += "\\u00" + Hex.encode([UInt8(scalar.value)])
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

/// The standard streams, written whole and without buffering.
public enum StandardStreams {
    /// Writes to standard output; false when nobody reads it any more.
    @discardableResult
    public static func output(_ text: String) -> Bool { failure(writing: text, to: 1) == nil }

    /// Writes to standard error; false when nobody reads it any more.
    @discardableResult
    public static func error(_ text: String) -> Bool { failure(writing: text, to: 2) == nil }

    /// Opens nothing in the place of each standard stream that is closed (`>&-`), before anything else is opened: else a file or
    /// socket would get its number, and with it what is meant for the stream.
    public static func occupyClosed() {
        for descriptor: CInt in 0...2 where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", O_RDWR) }
    }

    /// Whether the stream is a terminal.
    public static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// Writes to a stream, by default standard output; what the system says where it can't be, nil where it is written.
    static func failure(writing text: String, to descriptor: CInt = 1) -> CInt? {
        var text = text
        return text.withUTF8 { buffer in
            var written = 0
            while written < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                if count < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                written += count
            }
            return nil
        }
    }
}
