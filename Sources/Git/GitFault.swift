public import Basics

/// What can go wrong between us and a repository.
public struct GitFault: Fault, Hashable {
    /// The closed list of causes; each has one stable code and one disposition.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        case notARepository = "GIT-0001"
        case unreachable = "GIT-0002"
        case wrongCredential = "GIT-0003"
        case hostKeyUnknown = "GIT-0004"
        case hostKeyChanged = "GIT-0005"
        case missingReference = "GIT-0006"
        case deadlinePassed = "GIT-0007"
        case cacheCorrupted = "GIT-0008"
        case cacheNotWritable = "GIT-0009"
        case busy = "GIT-0010"
        case helperFailed = "GIT-0011"
        case unsupportedAddress = "GIT-0012"
        case credentialMissing = "GIT-0013"
        case certificateRefused = "GIT-0014"
        case emptiedRemote = "GIT-0015"
        case unreadableWorkTree = "GIT-0016"
        case cancelled = "GIT-0017"
        case neverFetched = "GIT-0018"
        case objectMissing = "GIT-0019"
    }

    public let cause: Cause
    public let message: String
    public let place: String?
    public let hint: String?

    init(_ cause: Cause, _ message: String, place: String? = nil, hint: String? = nil) {
        self.cause = cause
        self.message = message
        self.place = place
        self.hint = hint
    }

    public var code: String { cause.rawValue }

    public var disposition: Disposition {
        switch cause {
        case .unreachable, .deadlinePassed, .cacheCorrupted, .helperFailed, .cancelled, .neverFetched:
            .retry(after: nil)
        case .busy: .retry(after: .seconds(5))
        case .missingReference: .waitForNewCommit
        case .notARepository, .wrongCredential, .hostKeyUnknown, .hostKeyChanged, .cacheNotWritable,
            .unsupportedAddress, .credentialMissing, .certificateRefused, .emptiedRemote, .unreadableWorkTree,
            .objectMissing:
            .stop
        }
    }
}
