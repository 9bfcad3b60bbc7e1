internal import Basics
internal import CGit2
import Glibc

/// The directory of one bare copy, and what lies beside it.
struct MirrorCache: Sendable {
    let directory: String

    /// Written by a reader who found something missing; the next fetch then clones anew.
    private var suspicionFile: String { directory + ".suspect" }
    /// Why this copy was cloned anew, so that the same reason doesn't do it again and again.
    private var reclonedFile: String { directory + "/odooops-recloned" }
    /// There while references and packs are written.
    private var writingFile: String { directory + "/odooops-writing" }

    /// Whether objects of the source are read in place; what is missing is then missing there.
    var isBorrowing: Bool { FileSystem.exists(directory + "/objects/info/alternates") }

    var suspicion: String? {
        (try? FileSystem.read(suspicionFile, limit: 4_096)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Notes that something of the copy can't be read.
    func suspect(_ reason: String) {
        let cured = (try? FileSystem.read(reclonedFile, limit: 4_096)).map { String(decoding: $0, as: UTF8.self) }
        guard cured != reason, suspicion == nil else { return }
        try? FileSystem.write(reason.utf8, to: suspicionFile)
    }

    /// Opens the copy and looks at where each reference leads.
    ///
    /// - Throws: `LibraryError` when it is broken.
    func openSound() throws(LibraryError) -> Repository {
        let repository = try Repository(path: directory)
        for (name, id) in try repository.storedReferences() {
            // Reading proves that the object is whole, which its presence doesn't; there can be very many tags.
            if name.hasPrefix("refs/heads/") || !repository.contains(id) { _ = try repository.peelToCommit(id) }
        }
        return repository
    }

    func beginWriting() { try? FileSystem.write([], to: writingFile) }

    func endWriting() { unlink(writingFile) }

    /// Removes what a fetch left that was killed; only the holder of the lock may.
    func sweep() {
        FileSystem.remove(directory + ".new")
        FileSystem.remove(directory + ".broken")
        guard FileSystem.exists(writingFile) else { return }
        for name in ["HEAD.lock", "packed-refs.lock", "config.lock"] { unlink("\(directory)/\(name)") }
        removeLocks(below: directory + "/refs")
        for name in FileSystem.list(directory + "/objects/pack")
        where name.hasPrefix("pack_git2_") || name.hasPrefix("tmp_") {
            unlink("\(directory)/objects/pack/\(name)")
        }
    }

    private func removeLocks(below path: String) {
        for name in FileSystem.list(path) {
            let child = "\(path)/\(name)"
            if FileSystem.isDirectory(child) {
                removeLocks(below: child)
            } else if name.hasSuffix(".lock") {
                unlink(child)
            }
        }
    }

    /// Puts a fresh copy in the old one's place; readers who have the old one open go on with it.
    ///
    /// - Parameters:
    ///   - fresh: a complete copy beside this one.
    ///   - reason: why the old copy has to go; nil where there was none.
    /// - Returns: the system's error number when it can't be done.
    func replace(with fresh: String, because reason: String?) -> CInt? {
        if let reason { try? FileSystem.write(reason.utf8, to: fresh + "/odooops-recloned") }
        let broken = directory + ".broken"
        if rename(directory, broken) != 0, errno != ENOENT { return errno }
        guard rename(fresh, directory) == 0 else { return errno }
        unlink(suspicionFile)
        FileSystem.remove(broken)
        return nil
    }
}
