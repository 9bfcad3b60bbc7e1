import Basics
import Glibc

/// Lets other processes write to the same file while this one has no end of transactions to write.
///
/// SQLite keeps no queue: who waits looks again and again, and would never find the file free if the next transaction
/// began the moment the last one ended.
struct WriterTurns {
    /// How often who waits looks.
    static let look = Duration.milliseconds(1)
    /// How long the file is left free, long enough to be found so.
    static let room = look * 2
    /// How long this process writes on without leaving room; others wait about that long.
    static let turn = Duration.milliseconds(100)

    private var lastWritten: ContinuousClock.Instant?
    private var lastFree: ContinuousClock.Instant?

    /// Called on the thread that writes, before a transaction begins.
    mutating func leaveRoom() {
        let now = ContinuousClock.now
        guard let lastWritten, let lastFree, now - lastWritten < Self.room else {
            lastFree = now
            return
        }
        guard now - lastFree >= Self.turn else { return }
        usleep(UInt32(Self.room.microseconds))
        self.lastFree = .now
    }

    /// Called when a transaction has ended.
    mutating func wrote() { lastWritten = .now }
}

/// Called by SQLite when another process holds the file, with how often it was called for the same wait.
///
/// SQLite's own handler comes to look ten times a second only, which a process that writes all the time outlasts.
/// The context is no address but how often to look before giving up.
let waitForWriter: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = { longest, looks in
    guard Int(looks) < Int(bitPattern: longest) else { return 0 }
    usleep(UInt32(WriterTurns.look.microseconds))
    return 1
}
