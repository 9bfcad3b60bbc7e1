import Basics
import Web

/// A file that pages bring with them, under a name that changes with its bytes.
struct Asset: Sendable {
    let name: String
    private let type: String
    private let bytes: [UInt8]

    private init(_ stem: String, _ ending: String, _ type: String, _ text: String) {
        bytes = Array(text.utf8)
        name = "\(stem)-\(Digest(of: bytes).short).\(ending)"
        self.type = type
    }

    static let stylesheet = Asset("console", "css", "text/css; charset=utf-8", Stylesheet.text)
    static let script = Asset("console", "js", "text/javascript; charset=utf-8", Script.text)

    /// Under a name that stays, for the address that browsers remember.
    static let icon = Asset(
        fixed: "icon.svg", "image/svg+xml",
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#5a3fd0"/>\
        <path d="M16 7l9 4.500-9 4.500-9-4.500zM7 16l9 4.500 9-4.500M7 20.500l9 4.500 9-4.500" fill="none" stroke="#fff" \
        stroke-width="2" stroke-linejoin="round"/></svg>

        """)

    private init(fixed name: String, _ type: String, _ text: String) {
        bytes = Array(text.utf8)
        self.name = name
        self.type = type
    }

    var link: Link { Link("/assets", name) }

    var size: Int { bytes.count }

    /// The asset of a name; nil where none is called so.
    static func answer(_ name: String) -> WebResponse? {
        guard let asset = [stylesheet, script, icon].first(where: { $0.name == name }) else { return nil }
        return WebResponse(
            status: 200,
            headers: [
                ("Content-Type", asset.type),
                (
                    "Cache-Control",
                    asset.name == icon.name ? "public, max-age=86400" : "public, max-age=31536000, immutable"
                ),
                ("X-Content-Type-Options", "nosniff"),
            ], body: asset.bytes)
    }
}
