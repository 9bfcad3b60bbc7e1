public import Basics
import Reconciler

/// What a console says of the process that serves it.
public struct ConsoleFacts: Sendable {
    /// One setting with its value, which is never a secret.
    public struct Setting: Sendable {
        public let group: String
        public let name: String
        public let value: String

        public init(_ group: String, _ name: String, _ value: String) {
            self.group = group
            self.name = name
            self.value = value
        }
    }

    /// One reference to a secret, and whether it leads to a value.
    public struct Presence: Sendable {
        public let name: String
        /// `env:NAME` or `file:PATH`; nil where none is configured.
        public let reference: String?
        public let isPresent: Bool

        public init(_ name: String, reference: String?, isPresent: Bool) {
            self.name = name
            self.reference = reference
            self.isPresent = isPresent
        }
    }

    /// How the loop fares.
    public struct Loop: Sendable {
        public var isRunning = false
        public var passes = 0
        public var failures = 0
        public var nextPassAt: Timestamp?
        /// Code and message of what ended the last pass; nil where it ended well.
        public var lastFault: String?

        public init() {}
    }

    public var settings: [Setting] = []
    public var secrets: [Presence] = []
    /// The address at which it is reached, such as `127.0.0.1:8080`.
    public var address = "127.0.0.1:8080"
    /// By what it is reached: `http` or `https`.
    public var scheme = "http"
    /// Where the store is, fit to be printed.
    public var storePlace = ""
    /// Names of the providers that drivers are there for.
    public var providers: [String] = []

    public init() {}
}
