// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Payments for being answered.
/// @notice Who writes to somebody may add a payment. The receiver takes it by answering; after its time, it goes back.
/// There is no owner, no fee, no upgrade.
/// @dev
///
/// offer ──▶ Held ──claim, in time, with the hash of the answer──▶ Done (receiver)
///             └────giveBack, after it──────────────────────────▶ Done (payer)
///
/// A deposit (Deposits.sol) is another thing: what the receiver could take instead of burning, they would always take.
/// Nobody here can read the answer. Its hash stands in the open, so who pays can show that it never came.
contract Attention is EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    enum State {
        None,
        Held,
        Done
    }

    struct Payment {
        State state;
        /// What arrived, in the token's smallest unit.
        uint128 amount;
    }

    /// A payment and all that it depends on. Its hash is its id.
    struct Request {
        address payer;
        address receiver;
        address token;
        uint128 amount;
        /// Until when it can be claimed, in seconds since 1970.
        uint64 until;
        /// What binds it to a conversation; of no meaning here.
        bytes32 topic;
    }

    /// The longest time a payment is held, in seconds.
    uint256 public constant LONGEST = 90 days;

    bytes32 private constant CLAIM_TYPE = keccak256("Claim(bytes32 request,bytes32 answer)");

    mapping(bytes32 id => Payment) public payments;

    event Offered(bytes32 indexed id, address indexed payer, address indexed receiver, address token, uint256 amount);
    event Claimed(bytes32 indexed id, bytes32 answer);
    event GivenBack(bytes32 indexed id);

    /// Only who pays may offer in this way.
    error NotPayer();
    /// The time is over, or further away than the longest.
    error NoSuchTime();
    /// The same was offered before.
    error OfferedBefore();
    /// The token was not handed over.
    error NothingArrived();
    /// There is no such payment, or it is done.
    error NotHeld();
    /// It is too late to claim.
    error TooLate();
    /// It can still be claimed.
    error TooEarly();
    /// Without an answer there is nothing to pay for.
    error NoAnswer();
    /// Only the receiver may claim.
    error NotReceiver();

    constructor() EIP712("dm3 attention", "1") {}

    /// @notice Offers a payment out of an allowance.
    function offer(Request calldata request) external nonReentrant {
        if (msg.sender != request.payer) revert NotPayer();
        _offer(request);
    }

    /// @notice Offers a payment with an allowance that is signed (ERC-2612), in the same transaction.
    function offerWithPermit(Request calldata request, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        nonReentrant
    {
        if (msg.sender != request.payer) revert NotPayer();
        // As with deposits: somebody else may have used it before.
        try IERC20Permit(request.token).permit(msg.sender, address(this), request.amount, deadline, v, r, s) {} catch {}
        _offer(request);
    }

    /// @notice Offers a payment that its payer has signed (EIP-3009, valid until its end, with the payment's id for a
    /// nonce). Anybody may bring it.
    function offerSigned(Request calldata request, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        (bytes32 id, uint256 before) = _begin(request);
        IERC3009(request.token).receiveWithAuthorization(
            request.payer, address(this), request.amount, 0, request.until, id, v, r, s
        );
        _arrive(request, id, before);
    }

    /// @notice Takes a payment for an answer.
    /// @param answer The hash of the message that answers.
    function claim(Request calldata request, bytes32 answer) external nonReentrant {
        if (msg.sender != request.receiver) revert NotReceiver();
        _claim(request, answer);
    }

    /// @notice The same for a receiver who has signed `Claim(request, answer)`: an account, or a contract (ERC-1271).
    function claimFor(Request calldata request, bytes32 answer, bytes calldata consent) external nonReentrant {
        bytes32 wish = _hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPE, idOf(request), answer)));
        if (!SignatureChecker.isValidSignatureNow(request.receiver, wish, consent)) revert NotReceiver();
        _claim(request, answer);
    }

    /// @notice Gives a payment back that was not claimed in time. Anybody may call it.
    function giveBack(Request calldata request) external nonReentrant {
        if (block.timestamp <= request.until) revert TooEarly();
        bytes32 id = idOf(request);
        uint256 amount = _finish(id);
        emit GivenBack(id);
        IERC20(request.token).safeTransfer(request.payer, amount);
    }

    /// @notice By what a payment is known.
    function idOf(Request calldata request) public pure returns (bytes32) {
        return keccak256(abi.encode(request));
    }

    function _offer(Request calldata request) private {
        (bytes32 id, uint256 before) = _begin(request);
        IERC20(request.token).safeTransferFrom(msg.sender, address(this), request.amount);
        _arrive(request, id, before);
    }

    /// Begins a payment, and says what was here of its token before.
    function _begin(Request calldata request) private returns (bytes32 id, uint256 before) {
        if (request.until <= block.timestamp || request.until > block.timestamp + LONGEST) revert NoSuchTime();
        id = idOf(request);
        Payment storage payment = payments[id];
        if (payment.state != State.None) revert OfferedBefore();
        payment.state = State.Held;
        before = IERC20(request.token).balanceOf(address(this));
    }

    function _arrive(Request calldata request, bytes32 id, uint256 before) private {
        uint256 arrived = IERC20(request.token).balanceOf(address(this)) - before;
        if (arrived == 0) revert NothingArrived();
        payments[id].amount = SafeCast.toUint128(arrived);
        emit Offered(id, request.payer, request.receiver, request.token, arrived);
    }

    function _claim(Request calldata request, bytes32 answer) private {
        if (block.timestamp > request.until) revert TooLate();
        if (answer == 0) revert NoAnswer();
        bytes32 id = idOf(request);
        uint256 amount = _finish(id);
        emit Claimed(id, answer);
        IERC20(request.token).safeTransfer(request.receiver, amount);
    }

    function _finish(bytes32 id) private returns (uint256) {
        Payment storage payment = payments[id];
        if (payment.state != State.Held) revert NotHeld();
        payment.state = State.Done;
        return payment.amount;
    }
}
