import Basics
import Glibc
import TestKit
import Testing

/// A disk of a few kilobytes or megabytes that a test fills and frees; it goes with the value.
final class SmallDisk: Sendable {
    let path: String

    /// Whether this process may mount at all.
    static let canMount =
        getuid() == 0
        && Shell.run("d=$(mktemp -d) && mount -t tmpfs tmpfs $d && umount $d; s=$?; rmdir $d; exit $s").status == 0

    /// - Parameter size: as mount(8) takes it, `256k`.
    /// - Throws: when it can't be mounted.
    init(_ size: String) throws {
        path = try FileSystem.makeTemporaryDirectory(prefix: "odooops-disk")
        try #require(Shell.run("mount -t tmpfs -o size=\(size) tmpfs \(path)").status == 0)
    }

    deinit { Shell.run("umount -l \(path); rmdir \(path)") }

    /// Takes all that is left of it.
    func fill() { Shell.run("cat /dev/zero >\(path)/fill") }

    func free() { Shell.run("rm \(path)/fill") }
}
