public import Basics

extension Simulator {
    /// The clock that it runs by.
    public var time: any TimeSource { options.time }

    /// Another simulator whose accounts are as those of `other` are now; nothing is shared.
    ///
    /// - Throws: `SimulatorFault`, as when any simulator is made.
    public convenience init(copying other: Simulator, time: any TimeSource) throws(SimulatorFault) {
        var options = other.options
        options.time = time
        options.statePath = nil
        try self.init(options: options)
        var copy = other.state.withLock { $0 }
        copy.log = []
        let state = copy
        self.state.withLock { $0 = state }
    }
}
