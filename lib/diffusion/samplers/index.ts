export * from './kernels';
export * from './ode';
export * from './rollout';
