public import Basics

/// The server could not be started.
public struct WebFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?

    public var disposition: Disposition { .stop }

    init(code: String, message: String, place: String?, hint: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }
}
