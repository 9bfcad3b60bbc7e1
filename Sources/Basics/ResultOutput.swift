internal import Glibc

/// Standard output as the place of a command's result, which remembers what became of it.
///
/// A reader who goes away (`… | head`) has what they wanted: nothing more is printed, and the command goes on to its end.
/// A result that could not be written for any other reason is a fault of its own: whoever reads it would miss a part.
public enum ResultOutput {
    private enum State {
        case open
        case unread
        case broken(CInt)
    }

    private static let state = Locked(State.open)

    /// Writes a part of the result, unless an earlier one could not be written: it would stand behind a gap.
    public static func write(_ text: String) {
        state.withLock { state in
            guard case .open = state, let failure = StandardStreams.failure(writing: text) else { return }
            state = failure == EPIPE ? .unread : .broken(failure)
        }
    }

    /// Whether nobody reads the result any more.
    public static var isUnread: Bool {
        state.withLock { state in
            if case .unread = state { return true }
            return false
        }
    }

    /// Ends the process with the status of its command; where its result is not whole, that is said, and none is 0.
    public static func end(_ status: Int32) -> Never {
        guard let fault = fault(status) else { ProcessEnvironment.end(status) }
        let paint = Paint(
            "auto", isTerminal: StandardStreams.isTerminal(2), environment: ProcessEnvironment.variables())
        StandardStreams.error(paint.fault(fault))
        ProcessEnvironment.end(status == 0 ? 1 : status)
    }

    private static func fault(_ status: Int32) -> FileSystemFault? {
        let failure: CInt? = state.withLock { state in
            if case .broken(let failure) = state { return failure }
            return nil
        }
        guard let failure else { return nil }
        return FileSystemFault(
            "the result is not whole, for it can't be written", "standard output", failure,
            hint: "The command itself came to its end, with status \(status). Make room where its output goes: df -h")
    }
}
