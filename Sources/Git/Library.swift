internal import Basics
internal import CGit2
internal import Git2Shim

/// What libgit2 said, before anybody made sense of it.
struct LibraryError: Error {
    /// A `git_error_code`.
    let status: CInt
    /// A `git_error_t`: the part of the library that spoke.
    let area: CInt
    let message: String

    var isNotFound: Bool { status == GIT_ENOTFOUND.rawValue }

    func isFrom(_ areas: git_error_t...) -> Bool { areas.contains { CInt($0.rawValue) == area } }

    init(status: CInt, area: CInt, message: String) {
        self.status = status
        self.area = area
        self.message = message
    }

    /// Reads the thread's last error, so it has to be made on the thread of the failed call.
    init(status: CInt) {
        self.status = status
        guard let last = git_error_last() else {
            area = 0
            message = "error \(status) without a message"
            return
        }
        area = last.pointee.klass
        let text = last.pointee.message.map { String(cString: $0) } ?? "error \(status)"
        message = String(text.unicodeScalars.map { $0.value < 32 ? " " : Character($0) }).trimmed
    }
}

/// The library's process-wide settings.
enum Library {
    /// Starts the library once; the configuration of whoever runs this program is not read.
    static func start() { _ = started }

    private static let started: Void = {
        git_libgit2_init()
        // A repository of another user is read and never run: no hook and no filter of it is ever used.
        git2_set_owner_validation(0)
        git2_accept_extensions()
        git2_set_cache_size(16 << 20)
        for level in [
            GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
        ] { git2_set_search_path(level.rawValue, "") }
    }()

    /// Takes the authorities that the environment names in place of the system's, once.
    ///
    /// Only a fetch over the network needs them: a directory of certificates takes 20 ms and more to read.
    static func trustAuthorities() { _ = authorities }

    private static let authorities: Void = {
        let environment = ProcessEnvironment.variables()
        let (file, directory) = (environment["SSL_CERT_FILE"], environment["SSL_CERT_DIR"])
        if file != nil || directory != nil { git2_set_certificate_locations(file, directory) }
    }()
}

/// Throws what the library says about a call that failed.
func check(_ status: CInt) throws(LibraryError) {
    guard status < 0 else { return }
    throw LibraryError(status: status)
}

extension git_oid {
    /// Nil when the text isn't forty hexadecimal digits.
    init?(hex: String) {
        self.init()
        guard hex.utf8.count == 40, git_oid_fromstr(&self, hex) == 0 else { return nil }
    }

    /// Forty hexadecimal digits.
    var hex: String { withUnsafeBytes(of: id) { Hex.encode($0) } }
}

extension String {
    var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
