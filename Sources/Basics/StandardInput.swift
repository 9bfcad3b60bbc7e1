internal import Glibc

/// What a person or a pipe says to the program.
public enum StandardInput {
    /// Whether a person is there to be asked.
    public static var isTerminal: Bool { isatty(0) == 1 }

    /// One line without its end; nil at the end of the input.
    public static func line() -> String? { readLine(strippingNewline: true) }

    /// One line that a terminal doesn't show; nil at the end of the input.
    public static func secretLine() -> String? {
        var state = termios()
        guard tcgetattr(0, &state) == 0 else { return line() }
        var silent = state
        silent.c_lflag &= ~tcflag_t(ECHO)
        guard tcsetattr(0, TCSAFLUSH, &silent) == 0 else { return line() }
        defer {
            tcsetattr(0, TCSAFLUSH, &state)
            StandardStreams.error("\n")
        }
        return line()
    }
}
