// Asks an account, deployed or not yet, whether it accepts a signature (ERC-1271, ERC-6492). It is never deployed: an
// eth_call without `to` runs it once, and what it returns is the answer, 1 or 0.
//
// Behind the code:  account (32) ‖ factory (32) ‖ length of the preparation (32) ‖ preparation ‖ check
//   preparation  the call of the factory that deploys the account, or prepares it
//   check        the call isValidSignature(bytes32,bytes) of the account
object "SignatureCheck" {
    code {
        let arguments := datasize("SignatureCheck")
        let size := sub(codesize(), arguments)
        codecopy(0, arguments, size)
        let account := mload(0)
        let preparation := mload(64)
        let check := add(96, preparation)

        let accepted := accepts(account, check, sub(size, check))
        if iszero(accepted) {
            pop(call(gas(), mload(32), 0, 96, preparation, 0, 0))
            accepted := accepts(account, check, sub(size, check))
        }
        mstore(0, accepted)
        return(0, 32)

        // The answer is written behind everything else: an account without code writes nothing there.
        function accepts(asked, call_at, length) -> yes {
            let answer := add(call_at, length)
            if staticcall(gas(), asked, call_at, length, answer, 32) {
                yes := and(gt(returndatasize(), 31), eq(mload(answer), shl(224, 0x1626ba7e)))
            }
        }
    }
}
