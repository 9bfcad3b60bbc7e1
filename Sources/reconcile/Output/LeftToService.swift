import Basics
import Reconciler
import Store

/// What a command says of work that it left to the service: that one does it, or that none is there to.
enum LeftToService {
    /// One sentence.
    ///
    /// - Parameters:
    ///   - what: what waits, as the sentence begins.
    ///   - isMany: whether that is more than one.
    ///   - deed: what the service does with it, such as `sends it`.
    ///   - isServed: whether a service is there.
    /// - Returns: the sentence, with the command that starts a service where none is there.
    static func text(_ what: String, isMany: Bool = false, deed: String, isServed: Bool) -> String {
        let waits = "\(what) \(isMany ? "wait" : "waits")"
        return isServed
            ? "\(waits) for the service, which \(deed) within seconds."
            : "\(waits) for a service, and none is there: start `reconcile run`, which \(deed)."
    }
}
