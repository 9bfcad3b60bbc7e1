internal import Basics
internal import DesiredState

/// Keeps the secrets of new keys in files that only their owner reads, a folder a key.
///
/// The files are those that a reference names: `file:DIRECTORY/KEY/access_key_id` and `…/secret_access_key`.
public struct IssuedSecretFiles: Sendable {
    private let directory: String

    /// - Parameter directory: made when the first key is, with its folders.
    public init(directory: String) { self.directory = directory }

    /// Puts both parts down, the secret last: whoever sees it sees its id as well.
    ///
    /// - Returns: whether both are on the disk; where they aren't, neither is.
    public func keep(_ issued: IssuedSecret) async -> Bool {
        let name = issued.key.name
        guard !name.isEmpty, !name.hasPrefix("."), !name.utf8.contains(where: { $0 == 47 || $0 < 32 }) else {
            return false
        }
        let folder = "\(directory)/\(name)"
        do throws(FileSystemFault) {
            try FileSystem.createDirectory(folder, mode: 0o700)
            try FileSystem.write(issued.id.utf8, to: "\(folder)/access_key_id", mode: 0o600)
            try issued.secret.reveal { text throws(FileSystemFault) in
                try FileSystem.write(text.utf8, to: "\(folder)/secret_access_key", mode: 0o600)
            }
            return true
        } catch {
            // The key is about to be deleted again, so its id would lead to nothing.
            FileSystem.remove("\(folder)/access_key_id")
            return false
        }
    }
}
