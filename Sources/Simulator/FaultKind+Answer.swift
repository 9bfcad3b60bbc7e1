import Web

extension FaultKind {
    /// Spoils an answer on its way, whatever was asked for; what needs to know that, or comes before the effect, is done
    /// elsewhere.
    func spoil(_ response: inout WebResponse) {
        switch self {
        case .dropAfter: response = WebResponse(status: 500, fault: .drop)
        case .timeoutAfter(let delay), .slow(let delay): response.delay = delay
        case .slowBody(let pace): response.pace = pace
        case .truncatedJSON where response.body.count > 1: response.body.removeLast((response.body.count + 1) / 2)
        case .brokenTransfer where response.body.count > 1:
            response.fault = .truncate(after: response.body.count / 2)
        // An answer without a body can only be lost.
        case .truncatedJSON, .brokenTransfer: response = WebResponse(status: 500, fault: .drop)
        default: break
        }
    }
}
